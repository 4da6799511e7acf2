import { once } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";

import { HttpError } from "../../src/http/http-error.js";
import { reply } from "../../src/roles/reply.js";
import { INTERNAL_ERROR, type Answer } from "../support/answer.js";
import { begin, get, params } from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";

/** The client's answer if a handler returns this. */
async function answerTo(handle: () => unknown, method = "GET"): Promise<Answer> {
  const { connect } = await serveDefinitions([
    responder({ [`${method === "HEAD" ? "GET" : method} /`]: handle }),
  ]);
  const peer = await connect();
  return peer.send(get(1, "/", { params: { REQUEST_METHOD: method } })).answer(1);
}

async function* asynchronous(...pieces: readonly (string | Uint8Array)[]) {
  for (const piece of pieces) {
    await turns(1);
    yield piece;
  }
}

const failing = () => {
  throw new Error("broken");
};

describe("Complete replies", () => {
  test.each<[string, () => unknown, number, string | undefined, string]>([
    ["text", () => "é", 200, "text/plain; charset=utf-8", "é"],
    ["empty text", () => "", 200, "text/plain; charset=utf-8", ""],
    [
      "markup, which is never guessed to be HTML",
      () => "<script>",
      200,
      "text/plain; charset=utf-8",
      "<script>",
    ],
    ["an object", () => ({ a: [1, null] }), 200, "application/json; charset=utf-8", '{"a":[1,null]}'],
    ["an array", () => ["a", "b"], 200, "application/json; charset=utf-8", '["a","b"]'],
    [
      "an object with toJSON",
      () => new Date(0),
      200,
      "application/json; charset=utf-8",
      '"1970-01-01T00:00:00.000Z"',
    ],
    ["a number", () => 0, 200, "application/json; charset=utf-8", "0"],
    ["false", () => false, 200, "application/json; charset=utf-8", "false"],
    ["bytes", () => Buffer.from("abc"), 200, "application/octet-stream", "abc"],
    ["a Uint8Array", () => new Uint8Array([97, 98]), 200, "application/octet-stream", "ab"],
    ["undefined", () => undefined, 204, undefined, ""],
    ["null", () => null, 204, undefined, ""],
    ["a promise of text", async () => "later", 200, "text/plain; charset=utf-8", "later"],
    ["a reply", () => reply("x", { status: 404, type: "a/b" }), 404, "a/b", "x"],
    [
      "a reply with a type as field",
      () => reply("x", { headers: { "content-type": "c/d" } }),
      200,
      "c/d",
      "x",
    ],
    [
      "a web Response",
      () => new Response("x", { status: 201, headers: { "X-A": "b" } }),
      201,
      "text/plain;charset=UTF-8",
      "x",
    ],
    ["a Response of JSON", () => Response.json({ a: 1 }), 200, "application/json", '{"a":1}'],
    ["a Response without a body", () => new Response(null, { status: 204 }), 204, undefined, ""],
    ["a lone surrogate", () => "a\ud800b", 200, "text/plain; charset=utf-8", "a\ufffdb"],
  ])("%s", async (_kind, handle, status, type, text) => {
    const answer = await answerTo(handle);

    expect([answer.status, answer.header("Content-Type"), answer.text]).toEqual([status, type, text]);
    const length = answer.header("Content-Length");
    if (length !== undefined) expect(Number(length)).toBe(answer.body.length);
  });

  test.each<[string, () => unknown]>([
    ["a function", () => failing],
    ["a symbol", () => Symbol("x")],
    ["a bigint", () => 1n],
    ["an object with a bigint", () => ({ a: 1n })],
    [
      "an object that contains itself",
      () => {
        const loop: Record<string, unknown> = {};
        loop["loop"] = loop;
        return loop;
      },
    ],
    ["an object whose toJSON throws", () => ({ toJSON: failing })],
    ["a Map, whose entries are not pieces", () => new Map([["a", 1]])],
    ["a status that cannot be sent", () => reply("x", { status: 199 })],
    ["a header that ends its line", () => reply("x", { headers: { X: "a\r\nb" } })],
    ["a type that ends its line", () => reply("x", { type: "a/b\r\nX: y" })],
    ["too large a header block", () => reply("x", { headers: { X: "x".repeat(70_000) } })],
    [
      "a Response that was read already",
      async () => {
        const response = new Response("x");
        await response.text();
        return response;
      },
    ],
    ["a Response.error()", () => Response.error()],
    ["a Content-Length that is too large", () => reply("abc", { headers: { "Content-Length": 4 } })],
    ["a Content-Length that is too small", () => reply("abc", { headers: { "Content-Length": 2 } })],
    ["a Content-Length that is not a number", () => reply("abc", { headers: { "Content-Length": "3, 3" } })],
    [
      "an HttpError whose header ends its line",
      () => {
        throw new HttpError(400, "x", { headers: { X: "a\nb" } });
      },
    ],
    [
      "a rejected HttpError whose header ends its line",
      () => Promise.reject(new HttpError(400, "x", { headers: { X: "a\nb" } })),
    ],
    [
      "an HttpError with too large a header block",
      () => Promise.reject(new HttpError(400, "x", { headers: { X: "x".repeat(70_000) } })),
    ],
    [
      "an HttpError that has no JSON form",
      () => {
        throw new HttpError(400, "x", {
          errors: [{ in: "body", path: [1n as unknown as number], message: "x" }],
        });
      },
    ],
    // oxlint-disable-next-line unicorn/no-thenable -- handlers may return other libraries' thenables
    ["a thenable that throws", () => ({ then: failing })],
    [
      "a thenable that rejects",
      // oxlint-disable-next-line unicorn/no-thenable -- as above
      () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject("no") }),
    ],
  ])("%s is a plain 500", async (_kind, handle) => {
    const answer = await answerTo(handle);

    expect(answer).toMatchObject({ status: 500, text: INTERNAL_ERROR });
    expect(answer.stderr).toMatch(/^tricorn: GET \/ failed: /);
  });

  test("an HttpError is sent as its problem document", async () => {
    const answer = await answerTo(() => {
      throw new HttpError(409, "Taken.", {
        code: "ERR_TAKEN",
        headers: { "Retry-After": 5 },
        cause: new Error("secret"),
      });
    });

    expect(answer.status).toBe(409);
    expect(answer.header("Content-Type")).toBe("application/problem+json");
    expect(answer.header("Retry-After")).toBe("5");
    expect(JSON.parse(answer.text)).toEqual({
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: "Taken.",
      code: "ERR_TAKEN",
    });
    expect(answer.stderr).toBe("");
  });
});

describe("Streamed replies", () => {
  const bytes = (text: string) => Buffer.from(text);

  test.each<[string, () => unknown, string]>([
    ["a generator", () => ["a", "b"].values(), "application/octet-stream"],
    ["an async generator", () => asynchronous("a", "b"), "text/plain; charset=utf-8"],
    ["an async generator of bytes", () => asynchronous(bytes("a"), bytes("b")), "application/octet-stream"],
    [
      "empty pieces between others",
      () => asynchronous("", "a", bytes(""), "b", ""),
      "text/plain; charset=utf-8",
    ],
    ["a Node stream", () => Readable.from([bytes("a"), bytes("b")]), "application/octet-stream"],
    ["a Node stream of text", () => Readable.from(["a", "b"]), "text/plain; charset=utf-8"],
    ["a web stream", () => ReadableStream.from([bytes("a"), bytes("b")]), "application/octet-stream"],
    ["a Set", () => new Set(["a", "b"]), "text/plain; charset=utf-8"],
    [
      "a Response of a stream",
      () => new Response(ReadableStream.from([bytes("ab")])),
      "application/octet-stream",
    ],
    [
      "a reply with the right Content-Length",
      () => reply(asynchronous("a", "b"), { headers: { "Content-Length": 2 } }),
      "text/plain; charset=utf-8",
    ],
  ])("%s", async (kind, handle, type) => {
    const answer = await answerTo(handle);

    expect(answer).toMatchObject({ status: 200, text: "ab" });
    if (kind !== "a generator") expect(answer.header("Content-Type")).toBe(type);
  });

  test.each<[string, () => unknown]>([
    [
      "fails before its first piece",
      async function* () {
        await turns(1);
        failing();
        yield "x";
      },
    ],
    ["has a piece that is neither text nor bytes", () => [5].values()],
    [
      "is empty where a length was announced",
      () => reply(asynchronous(), { headers: { "Content-Length": 2 } }),
    ],
    [
      "is longer at once than was announced",
      () => reply(asynchronous("abc"), { headers: { "Content-Length": 2 } }),
    ],
    [
      "is locked",
      () => {
        const stream = ReadableStream.from(["x"]);
        stream.getReader();
        return stream;
      },
    ],
    ["is a Node stream that was destroyed", () => Readable.from(["x"]).destroy(new Error("gone"))],
    ["cannot send its head", () => reply(asynchronous("x"), { type: "a\nb" })],
  ])("one that %s first is still a 500", async (_what, handle) => {
    expect((await answerTo(handle)).status).toBe(500);
  });

  test.each<[string, () => unknown]>([
    ["shorter than announced", () => reply(asynchronous("a"), { headers: { "Content-Length": 2 } })],
    ["longer than announced", () => reply(asynchronous("ab", "c"), { headers: { "Content-Length": 2 } })],
    [
      "broken",
      async function* () {
        yield "a";
        await turns(1);
        failing();
      },
    ],
    [
      "a Node stream that is destroyed",
      () => {
        const stream = new Readable({ read: () => undefined });
        stream.push("a");
        setImmediate(() => setImmediate(() => stream.destroy(new Error("gone"))));
        return stream;
      },
    ],
  ])("one that turns out to be %s aborts the connection", async (_what, handle) => {
    const { connect, log } = await serveDefinitions([responder({ "GET /": handle })]);
    const peer = await connect();
    peer.send(get(1, "/"));
    await expect(peer.answer(1)).rejects.toThrow("ended before");

    expect(log.some(({ msg }) => msg.startsWith("Cannot complete request"))).toBe(true);
  });

  test.each([204, 205, 304])(
    "with status %i nothing is sent and the producer is cancelled",
    async (status) => {
      const cancelled = deferred();
      const answer = await answerTo(() =>
        reply(new ReadableStream({ cancel: () => cancelled.resolve() }), { status }),
      );

      expect(answer).toMatchObject({ status, text: "" });
      expect(answer.header("Content-Type")).toBeUndefined();
      // RFC 9110, section 15.3.6: a 205 has no content.
      expect(answer.header("Content-Length")).toBe(status === 205 ? "0" : undefined);
      await cancelled.promise;
    },
  );

  test.each([204, 205, 304])("with status %i there is no content, whatever its source", async (status) => {
    for (const method of ["GET", "HEAD"]) {
      for (const body of ["text", Buffer.from("bytes"), { json: true }, new Blob(["blob"]), "", null]) {
        const headers = { "Content-Length": 5, "X-Kept": "1" };
        const answer = await answerTo(() => reply(body, { status, headers }), method);

        expect([answer.status, answer.text, answer.header("X-Kept")]).toEqual([status, "", "1"]);
        expect(answer.header("Content-Type")).toBeUndefined();
        expect(answer.header("Content-Length")).toBe(status === 205 ? "0" : undefined);
      }
    }
  });

  test("for HEAD nothing is sent and the producer is cancelled", async () => {
    const cancelled = deferred();
    const answer = await answerTo(() => new ReadableStream({ cancel: () => cancelled.resolve() }), "HEAD");

    expect(answer).toMatchObject({ status: 200, text: "" });
    await cancelled.promise;
  });

  test.each<[string, () => unknown, number]>([
    ["nothing", () => undefined, 204],
    ["null", () => null, 204],
    ["nothing with a status", () => reply(undefined, { status: 200 }), 200],
    ["empty text", () => "", 200],
    ["no bytes", () => Buffer.alloc(0), 200],
    ["a stream", () => asynchronous("text"), 200],
    ["a Response without a body", () => new Response(null, { status: 200 }), 200],
  ])("a handler of HEAD that returns %s sends no length, and not 0", async (_what, handle, status) => {
    const { connect } = await serveDefinitions([responder({ "HEAD /": handle })]);
    const peer = await connect();
    const answer = await peer.send(get(1, "/", { params: { REQUEST_METHOD: "HEAD" } })).answer(1);

    expect([answer.status, answer.text]).toEqual([status, ""]);
    expect(answer.header("Content-Length")).toBeUndefined();
  });

  test("a handler of HEAD may set the length that GET has", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "HEAD /": () => reply(undefined, { status: 200, headers: { "Content-Length": 16 }, type: "a/b" }),
      }),
    ]);
    const peer = await connect();
    const answer = await peer.send(get(1, "/", { params: { REQUEST_METHOD: "HEAD" } })).answer(1);

    expect([answer.header("Content-Length"), answer.header("Content-Type"), answer.text]).toEqual([
      "16",
      "a/b",
      "",
    ]);
  });

  test("HEAD describes the body that GET would have", async () => {
    const answer = await answerTo(() => "content", "HEAD");

    expect(answer.text).toBe("");
    expect(answer.header("Content-Length")).toBe("7");
    expect(answer.header("Content-Type")).toBe("text/plain; charset=utf-8");
  });

  test("a producer whose clean-up throws is harmless", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /": () => ({
          [Symbol.asyncIterator]: () => ({
            next: async () => ({ done: false, value: "x".repeat(100) }),
            return: failing,
          }),
        }),
        "GET /hello": () => "hello",
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/"));
    await peer.received(1_000);
    peer.send(Buffer.from([1, 2, 0, 1, 0, 0, 0, 0]));

    expect((await peer.answer(1)).applicationStatus).toBe(1);
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });
});

test("A reply carries an application status of 32 bits, and no other", async () => {
  for (const applicationStatus of [0, 1, 0xffff_ffff])
    expect((await answerTo(() => reply("x", { applicationStatus }))).applicationStatus).toBe(
      applicationStatus,
    );
  for (const applicationStatus of [-1, 0x1_0000_0000, 1.5, Number.NaN])
    expect(() => reply("x", { applicationStatus })).toThrow(RangeError);
});

test("A reply whose type is null has no type, for any body", async () => {
  const bodies = ["text", Buffer.from("bytes"), { a: 1 }, () => asynchronous("piece")];
  for (const body of bodies) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await answerTo(
        () => reply(typeof body === "function" ? body() : body, { type: null }),
        method,
      );
      expect([answer.status, answer.header("content-type")]).toEqual([200, undefined]);
    }
  }
});

test("A reply whose first piece is empty sends its head before the next piece", async () => {
  const go = deferred();
  const { connect } = await serveDefinitions([
    responder({
      "GET /": async function* () {
        yield "";
        await go.promise;
        yield "body";
      },
    }),
  ]);
  const peer = (await connect()).send(get(1, "/"));
  const head = await peer.record();
  expect(head.content.toString()).toBe("Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
  go.resolve();
  expect((await peer.record()).content.toString()).toBe("body");
});

test("A stream that ends because its peer half-closed ends its answer", async () => {
  const { connect } = await serveDefinitions([
    responder({
      "POST /": async function* ({ signal }) {
        yield "all";
        if (!signal.aborted) await once(signal, "abort");
      },
    }),
  ]);
  const peer = await connect();
  peer.send(begin(1), params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/", CONTENT_LENGTH: "9" }));
  await peer.received(1);
  peer.end();

  expect((await peer.answer(1)).text).toBe("all");
});
