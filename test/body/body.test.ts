import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AbortedError } from "../../src/errors.js";
import type { RequestBody } from "../../src/body/body.js";
import { openBody, rejection, settled, wholeBody } from "./body-input.js";

const aborted = new AbortedError(
  "ERR_ABORTED_BY_SERVER",
  "Cannot continue: the Web server aborted the request",
);

describe("RequestBody.bytes", () => {
  test("returns a body that has arrived completely", async () => {
    const { body, consumed } = openBody(["Hel", "lo"], { contentLength: 5 }).close();
    expect(await body.bytes()).toEqual(Buffer.from("Hello"));
    expect(consumed.bytes).toBe(5);
  });

  test("waits for the rest of the body", async () => {
    const { body, push } = openBody(["Hel"], { contentLength: 5 });
    const bytes = body.bytes();
    push("lo").close();
    expect(await bytes).toEqual(Buffer.from("Hello"));
  });

  test("is empty for a request without a body", async () => {
    expect(await wholeBody("").bytes()).toEqual(Buffer.alloc(0));
    expect(await wholeBody("", { contentLength: 0 }).bytes()).toEqual(Buffer.alloc(0));
  });

  test("returns the same bytes however they arrive", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 })), fc.nat(20), async (pieces, early) => {
        const { body, push } = openBody(pieces.slice(0, early));
        const bytes = body.bytes();
        for (const piece of pieces.slice(early)) {
          push(piece);
          await Promise.resolve();
        }
        push().close();
        expect(await bytes).toEqual(Buffer.concat(pieces));
      }),
      { numRuns: 50 },
    );
  });

  test("refuses a body above the limit with 413, early or late", async () => {
    const tooLarge = { status: 413, code: "ERR_BODY_TOO_LARGE", detail: "The body is larger than 4 bytes." };
    expect(await rejection(wholeBody("Hello").bytes({ bytes: 4 }))).toMatchObject(tooLarge);

    const { body, consumed, push } = openBody(["Hell"]);
    const bytes = rejection(body.bytes({ bytes: 4 }));
    push("o");
    expect(await bytes).toMatchObject(tooLarge);
    push("more that is not kept");
    expect(consumed.bytes).toBe("Hello".length + "more that is not kept".length);
  });

  test("accepts a body of exactly the limit", async () => {
    expect(await wholeBody("Hello", { contentLength: 5 }).bytes({ bytes: 5 })).toHaveLength(5);
  });

  test("refuses at once if CONTENT_LENGTH is above the limit, and drops what has arrived", async () => {
    const { body, consumed } = openBody(["Hel"], { contentLength: 2 ** 20 + 1 });
    expect(await rejection(body.bytes())).toMatchObject({ status: 413 });
    expect(consumed.bytes).toBe(3);
  });

  test("admits nothing if the limit is not a number", async () => {
    expect(await rejection(wholeBody("a").bytes({ bytes: Number.NaN }))).toMatchObject({ status: 413 });
  });

  test.each([
    ["shorter", 6, "The body was announced with 6 bytes, but only 5 arrived."],
    ["longer", 4, "The body was announced with 4 bytes, but more arrived."],
  ])("refuses a body %s than CONTENT_LENGTH (section 6.2)", async (_, contentLength, detail) => {
    const expected = { status: 400, code: "ERR_BODY_LENGTH", detail };
    expect(await rejection(wholeBody("Hello", { contentLength }).bytes())).toMatchObject(expected);
    expect(await rejection(wholeBody("Hello", { contentLength }).json())).toMatchObject(expected);

    const { body, push } = openBody([], { contentLength });
    const bytes = rejection(body.bytes());
    push("Hel", "lo").close();
    expect(await bytes).toMatchObject(expected);
  });

  test("fails with the reason of an abort, before and during reading", async () => {
    const early = openBody(["Hel"]);
    early.input.fail(aborted);
    expect(await rejection(early.body.bytes())).toBe(aborted);

    const late = openBody(["Hel"]);
    const bytes = rejection(late.body.bytes());
    late.input.fail(aborted);
    expect(await bytes).toBe(aborted);
  });

  test("never returns a discarded body as empty or short", async () => {
    const gone = openBody(["Hel"]);
    gone.input.discard();
    expect(await rejection(gone.close().body.bytes())).toEqual(
      new TypeError("Cannot read body: it was discarded"),
    );

    const going = openBody(["Hel"]);
    const bytes = rejection(going.body.bytes());
    await settled();
    going.input.discard();
    expect(await bytes).toBeInstanceOf(TypeError);
  });

  test("reads only once, whichever method is called", async () => {
    const again = new TypeError("Cannot read body: it was already read");
    const body = wholeBody("{}");
    await body.json();
    expect(await rejection(body.json())).toEqual(again);
    expect(await rejection(body.bytes())).toEqual(again);
    expect(await rejection(body.form())).toEqual(again);
    expect(() => body.stream()).toThrow(again);
    expect(() => body.multipart()).toThrow(again);
  });
});

describe("RequestBody.contentLength", () => {
  test.each([undefined, 0, 4])("of %j is the announced length", (contentLength) => {
    expect(wholeBody("", contentLength === undefined ? {} : { contentLength }).contentLength).toBe(
      contentLength,
    );
  });
});

describe("RequestBody.contentType", () => {
  test.each([
    ["Application/JSON; charset=utf-8", "application/json"],
    [" text/plain ;x", "text/plain"],
    ["", undefined],
    [undefined, undefined],
  ])("of %j is %j", (contentType, expected) => {
    expect(wholeBody("", contentType === undefined ? {} : { contentType }).contentType).toBe(expected);
  });
});

describe("RequestBody.text", () => {
  test.each([
    [undefined, [0x61, 0xc3, 0xa9], "aé"],
    ["text/plain; charset=UTF-8", [0xc3, 0xa9], "é"],
    ["text/plain; charset=UTF-8", [0xef, 0xbb, 0xbf, 0x61], "a"],
    ['text/plain; charset="iso-8859-1"', [0xe9], "é"],
    ["text/plain; charset=utf-16le", [0xff, 0xfe, 0xe9, 0x00], "é"],
    ["text/plain; charset=", [0x61], "a"],
    ["nonsense; charset", [0x61], "a"],
  ])("with Content-Type %j", async (contentType, bytes, expected) => {
    const body = wholeBody(Uint8Array.from(bytes), contentType === undefined ? {} : { contentType });
    expect(await body.text()).toBe(expected);
  });

  test("refuses an unknown charset with 415", async () => {
    const body = wholeBody("a", { contentType: "text/plain; charset=klingon" });
    expect(await rejection(body.text())).toMatchObject({ status: 415, code: "ERR_BODY_CHARSET" });
  });

  test("refuses bytes that are not valid in the charset", async () => {
    const body = wholeBody(Uint8Array.of(0x61, 0xff));
    expect(await rejection(body.text())).toMatchObject({ status: 400, code: "ERR_BODY_ENCODING" });
  });
});

describe("RequestBody.json", () => {
  test("parses JSON with and without a byte order mark", async () => {
    expect(await wholeBody('{"a":[1]}', { contentType: "application/json" }).json()).toEqual({ a: [1] });
    expect(await wholeBody("\ufeff7", { contentType: "application/json; charset=utf8" }).json()).toBe(7);
  });

  test("pollutes no prototype", async () => {
    const value = await wholeBody('{"__proto__":{"admin":true}}').json();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { admin?: boolean }).admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test.each(["", "{", "hunter2", '{"password":"hunter2"'])(
    "refuses %j without repeating it",
    async (content) => {
      const error = (await rejection(wholeBody(content).json())) as Error;
      expect(error).toMatchObject({
        status: 400,
        code: "ERR_BODY_JSON",
        detail: "The body is not valid JSON.",
      });
      expect(error.cause).toBeUndefined();
      expect(error.stack).not.toContain("hunter2");
    },
  );

  test("is UTF-8 only (RFC 8259)", async () => {
    const latin1 = wholeBody("{}", { contentType: "application/json; charset=iso-8859-1" });
    expect(await rejection(latin1.json())).toMatchObject({ status: 415, code: "ERR_BODY_CHARSET" });
    const broken = wholeBody(Uint8Array.of(0x22, 0xff, 0x22));
    expect(await rejection(broken.json())).toMatchObject({ status: 400, code: "ERR_BODY_ENCODING" });
  });
});

describe("RequestBody.form", () => {
  test("decodes names and values, and collects repeated names in an array", async () => {
    const form = await wholeBody("a=1&b=two+words&a=%C3%A9&c&a=3&=empty").form();
    expect({ ...form }).toEqual({ a: ["1", "é", "3"], b: "two words", c: "", "": "empty" });
  });

  test("has no prototype, so every name is a field", async () => {
    const form = await wholeBody("__proto__=1&__proto__=2&constructor=3&toString=4").form();
    expect(Object.getPrototypeOf(form)).toBeNull();
    expect(Object.entries(form)).toEqual([
      ["__proto__", ["1", "2"]],
      ["constructor", "3"],
      ["toString", "4"],
    ]);
  });

  test("keeps a question mark in front of the first name", async () => {
    expect({ ...(await wholeBody("?a=1").form()) }).toEqual({ "?a": "1" });
  });

  test("limits the number of fields and the bytes", async () => {
    const tooLarge = { status: 413, code: "ERR_BODY_TOO_LARGE" };
    expect(await rejection(wholeBody("a&".repeat(1001)).form())).toMatchObject(tooLarge);
    expect(Object.keys(await wholeBody("a&b&c").form({ fields: 3 }))).toHaveLength(3);
    expect(await rejection(wholeBody("a&b&c").form({ fields: 2 }))).toMatchObject(tooLarge);
    expect(await rejection(wholeBody("a&b&c").form({ bytes: 4 }))).toMatchObject(tooLarge);
  });
});

describe.each([
  ["pieces", (body: RequestBody) => body.pieces()],
  ["stream", (body: RequestBody) => body.stream()],
] as [string, (body: RequestBody) => AsyncIterable<Uint8Array>][])(
  "RequestBody.%s in a loop",
  (_method, piecesOf) => {
    const readAll = async (body: RequestBody): Promise<number> => {
      let bytes = 0;
      for await (const piece of piecesOf(body)) bytes += piece.length;
      return bytes;
    };

    test("reads only what is requested", async () => {
      const first = Buffer.alloc(2000, 1);
      const second = Buffer.alloc(3000, 2);
      const { body, consumed, push } = openBody([first], { contentLength: 5000 });
      const iterator = piecesOf(body)[Symbol.asyncIterator]();
      await settled();
      expect(consumed.bytes).toBe(0);
      expect(await iterator.next()).toEqual({ done: false, value: first });
      expect(consumed.bytes).toBe(2000);
      const next = iterator.next();
      push(second).close();
      expect(await next).toEqual({ done: false, value: second });
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    test("has no limit", async () => {
      const piece = Buffer.alloc(1024 * 1024);
      const { body, push } = openBody([piece], { contentLength: 3 * piece.length });
      const read = readAll(body);
      push(piece, piece).close();
      expect(await read).toBe(3 * piece.length);
    });

    test("drops the rest when the loop is left", async () => {
      const { body, consumed, push } = openBody(["Hello"]);
      for await (const _ of piecesOf(body)) break;
      push("more").close();
      expect(consumed.bytes).toBe(9);
    });

    test.each([
      ["shorter", 6],
      ["longer", 4],
    ])("errors for a body %s than CONTENT_LENGTH (section 6.2)", async (_, contentLength) => {
      const error = await rejection(readAll(wholeBody("Hello", { contentLength })));
      expect(error).toMatchObject({ status: 400, code: "ERR_BODY_LENGTH" });
    });

    test("errors with the reason of an abort", async () => {
      const { body, input } = openBody(["Hello"]);
      const iterator = piecesOf(body)[Symbol.asyncIterator]();
      await iterator.next();
      const next = rejection(iterator.next());
      input.fail(aborted);
      expect(await next).toBe(aborted);
    });
  },
);

test("RequestBody.pieces can be read once", async () => {
  const pieces = wholeBody("Hello").pieces();
  const seen: string[] = [];
  for await (const piece of pieces) seen.push(Buffer.from(piece).toString());
  expect(seen).toEqual(["Hello"]);
  expect(await rejection(pieces[Symbol.asyncIterator]().next())).toBeInstanceOf(TypeError);
});

describe("RequestBody.stream by a reader", () => {
  test("reads only what is requested", async () => {
    const first = Buffer.alloc(2000, 1);
    const second = Buffer.alloc(3000, 2);
    const { body, consumed } = openBody([first, second]).close();
    const reader = body.stream().getReader();
    await settled();
    expect(consumed.bytes).toBe(0);
    expect(await reader.read()).toEqual({ done: false, value: first });
    await settled();
    expect(consumed.bytes).toBe(2000);
    expect(await reader.read()).toEqual({ done: false, value: second });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  test("drops the rest when it is cancelled", async () => {
    const { body, consumed, push } = openBody(["Hello"]);
    await body.stream().cancel();
    push("more").close();
    expect(consumed.bytes).toBe(9);
  });

  test.each([
    ["shorter", 6],
    ["longer", 4],
  ])("errors for a body %s than CONTENT_LENGTH (section 6.2)", async (_, contentLength) => {
    const reader = wholeBody("Hello", { contentLength }).stream().getReader();
    const error = await rejection(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    );
    expect(error).toMatchObject({ status: 400, code: "ERR_BODY_LENGTH" });
  });

  test("errors with the reason of an abort", async () => {
    const { body, input } = openBody(["Hello"]);
    const reader = body.stream().getReader();
    await reader.read();
    const next = rejection(reader.read());
    input.fail(aborted);
    expect(await next).toBe(aborted);
  });

  test("errors when the input is discarded while it is read", async () => {
    const { body, input } = openBody();
    const next = rejection(body.stream().getReader().read());
    input.discard();
    expect(await next).toBeInstanceOf(TypeError);
  });
});
