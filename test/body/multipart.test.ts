import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { AbortedError } from "../../src/errors.js";
import type { RequestBody } from "../../src/body/body.js";
import { MultipartParser } from "../../src/body/multipart-parser.js";
import type { MultipartLimits } from "../../src/body/multipart.js";
import type { Part } from "../../src/body/part.js";
import { KeptChunks } from "../support/kept-chunks.js";
import { field, file, form, formType, openBody, rejection, settled, wholeBody } from "./body-input.js";

const aborted = new AbortedError("ERR_ABORTED_DISCONNECT", "Cannot continue: the Web server has left");
const typed = { contentType: formType };

let unhandled: unknown[];
const collectUnhandled = (reason: unknown) => void unhandled.push(reason);

beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", collectUnhandled);
});

// No test may leave an unhandled error.
afterEach(async () => {
  await settled();
  process.off("unhandledRejection", collectUnhandled);
  expect(unhandled).toEqual([]);
});

function partsOf(body: RequestBody): AsyncIterator<Part> {
  return body.multipart()[Symbol.asyncIterator]();
}

async function readAll(body: RequestBody, limits?: MultipartLimits) {
  const parts: { name: string; filename: string | undefined; type: string; text: string }[] = [];
  for await (const part of body.multipart(limits)) {
    const { name, filename, type } = part;
    parts.push({ name, filename, type, text: await part.text() });
  }
  return parts;
}

describe("RequestBody.multipart", () => {
  test("yields fields and files in order", async () => {
    const content = form(field("title", "Emma"), file("cover", "emma.png", "\x89PNG"), field("title", "é"));
    expect(await readAll(wholeBody(content, { ...typed, contentLength: content.length }))).toEqual([
      { name: "title", filename: undefined, type: "text/plain", text: "Emma" },
      { name: "cover", filename: "emma.png", type: "image/png", text: "\x89PNG" },
      { name: "title", filename: undefined, type: "text/plain", text: "é" },
    ]);
  });

  test("works one byte at a time", async () => {
    const { body, push } = openBody([], typed);
    const parts = readAll(body);
    for (const byte of form(field("a", "--X\r\n-"), file("b", "b.txt", "\r\n--X"))) {
      push(Uint8Array.of(byte));
      await Promise.resolve();
    }
    push().close();
    expect((await parts).map((part) => part.text)).toEqual(["--X\r\n-", "\r\n--X"]);
  });

  test("accepts a form without parts, and text around the parts", async () => {
    expect(await readAll(wholeBody("--XX--\r\n", typed))).toEqual([]);
    const content = `preamble\r\n${form(field("a", "1")).toString()}epilogue`;
    expect(await readAll(wholeBody(content, typed))).toMatchObject([{ name: "a", text: "1" }]);
  });

  test.each([
    ["/etc/passwd", "passwd"],
    ["C:\\\\fakepath\\\\cat.png", "cat.png"],
    ["..\\\\../a b;c.png", "a b;c.png"],
    ["..", ""],
    [".\0.", ""],
    ["a\0.png", "a.png"],
    ["Ærø.txt", "Ærø.txt"],
    ["%2e%2e%2fx", "%2e%2e%2fx"],
    ["dir/", ""],
    ["", ""],
  ])("reduces the file name %j to %j", async (sent, expected) => {
    const [part] = await readAll(wholeBody(form(file("f", sent, "x")), typed));
    expect(part?.filename).toBe(expected);
  });

  test("drops an unread part when the next is requested", async () => {
    const big = Buffer.alloc(300_000, "x");
    const parts = partsOf(wholeBody(form(file("big", "big", big), field("a", "1")), typed));
    const first = (await parts.next()).value as Part;
    const second = (await parts.next()).value as Part;
    expect(await second.text()).toBe("1");
    expect(await rejection(first.bytes())).toEqual(new TypeError("Cannot read part: it was discarded"));
    expect((await parts.next()).done).toBe(true);
  });

  test("reads a part only once", async () => {
    const part = (await partsOf(wholeBody(form(field("a", "1")), typed)).next()).value as Part;
    await part.text();
    expect(await rejection(part.bytes())).toEqual(new TypeError("Cannot read part: it was already read"));
    expect(() => part.stream()).toThrow(TypeError);
  });

  test("streams a file with back-pressure", async () => {
    const block = Buffer.alloc(16 * 1024, "x");
    const { body, consumed, push } = openBody([], typed);
    push('--XX\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n', block);
    const parts = partsOf(body);
    const part = (await parts.next()).value as Part;
    for (let count = 0; count < 199; count += 1) push(block);
    await settled();
    expect(consumed.bytes).toBeLessThan(10 * block.length);

    push("\r\n--XX--").close();
    let bytes = 0;
    for await (const chunk of part.stream()) {
      bytes += chunk.length;
      expect(consumed.bytes - bytes).toBeLessThan(10 * block.length);
    }
    expect(bytes).toBe(200 * block.length);
    expect((await parts.next()).done).toBe(true);
  });

  test("does not read ahead through small parts", async () => {
    const { body, consumed, push } = openBody([], typed);
    const parts = partsOf(body);
    const one = Buffer.from(`--XX\r\n${field("a", "").head}\r\n\r\n${"x".repeat(2000)}\r\n`);
    for (let count = 0; count < 100; count += 1) push(one);
    await parts.next();
    await settled();
    expect(consumed.bytes).toBeLessThan(5 * one.length);
    push("--XX--").close();
    let count = 1;
    while (!(await parts.next()).done) count += 1;
    expect(count).toBe(100);
  });

  test("continues after a part whose stream was cancelled", async () => {
    const names: string[] = [];
    const content = form(file("a", "a", Buffer.alloc(300_000)), field("b", "1"));
    for await (const part of wholeBody(content, typed).multipart()) {
      names.push(part.name);
      if (part.name === "a") await part.stream().cancel();
    }
    expect(names).toEqual(["a", "b"]);
  });
});

describe("RequestBody.multipart refuses", () => {
  const malformed = { status: 400, code: "ERR_BODY_MULTIPART" };
  const tooLarge = { status: 413, code: "ERR_BODY_TOO_LARGE" };

  test.each([
    undefined,
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="é"',
  ])("the Content-Type %j, which has no usable boundary", async (contentType) => {
    const body = wholeBody(form(field("a", "1")), contentType === undefined ? {} : { contentType });
    expect(await rejection(readAll(body))).toMatchObject(malformed);
  });

  test("a boundary that no client generates", async () => {
    const contentType = `multipart/form-data; boundary=${"x".repeat(201)}`;
    expect(await rejection(readAll(wholeBody("", { contentType })))).toMatchObject(malformed);
  });

  test("a body that is truncated at any byte", async () => {
    const content = form(field("a", "1"), file("b", "b.png", "22"));
    for (let length = 0; length < content.length - 2; length += 1) {
      const body = wholeBody(content.subarray(0, length), typed);
      expect(await rejection(readAll(body)), `cut at ${length}`).toMatchObject(malformed);
    }
  });

  test("a part without a name", async () => {
    const content = form({ head: 'Content-Disposition: form-data; filename="x"', content: "1" });
    expect(await rejection(readAll(wholeBody(content, typed)))).toMatchObject(malformed);
  });

  test("names above the limit", async () => {
    const limits = { nameBytes: 4 };
    expect(await rejection(readAll(wholeBody(form(field("éé1", "")), typed), limits))).toMatchObject(
      malformed,
    );
    expect(await rejection(readAll(wholeBody(form(file("a", "a.png", "")), typed), limits))).toMatchObject(
      malformed,
    );
    expect(await readAll(wholeBody(form(field("éé", "")), typed), limits)).toHaveLength(1);
  });

  test("too many parts", async () => {
    const content = form(field("a", "1"), field("b", "2"), field("c", "3"));
    expect(await readAll(wholeBody(content, typed), { parts: 3 })).toHaveLength(3);
    expect(await rejection(readAll(wholeBody(content, typed), { parts: 2 }))).toMatchObject(tooLarge);
  });

  test("a part too large to collect, but not to stream", async () => {
    const content = form(field("a", "12345"));
    expect(await rejection(readAll(wholeBody(content, typed), { partBytes: 4 }))).toMatchObject(tooLarge);
    const collected: number[] = [];
    for await (const part of wholeBody(content, typed).multipart({ partBytes: 4 })) {
      collected.push((await part.bytes({ bytes: 5 })).length);
    }
    expect(collected).toEqual([5]);
    let bytes = 0;
    for await (const part of wholeBody(content, typed).multipart({ partBytes: 4 })) {
      for await (const chunk of part.stream()) bytes += chunk.length;
    }
    expect(bytes).toBe(5);
  });

  test("a body above the limit, at once if CONTENT_LENGTH says so", async () => {
    const content = form(field("a", "1"));
    const announced = openBody([], { ...typed, contentLength: 11 });
    expect(await rejection(readAll(announced.body, { bytes: 10 }))).toMatchObject(tooLarge);
    expect(await rejection(readAll(wholeBody(content, typed), { bytes: 10 }))).toMatchObject(tooLarge);
    expect(await readAll(wholeBody(content, typed), { bytes: content.length })).toHaveLength(1);
  });

  test("a body shorter or longer than CONTENT_LENGTH (section 6.2)", async () => {
    const content = form(field("a", "1"));
    for (const contentLength of [content.length - 1, content.length + 1]) {
      const body = wholeBody(content, { ...typed, contentLength });
      expect(await rejection(readAll(body))).toMatchObject({ status: 400, code: "ERR_BODY_LENGTH" });
    }
  });

  test("text that is not UTF-8", async () => {
    const content = form(field("a", Uint8Array.of(0xff)));
    expect(await rejection(readAll(wholeBody(content, typed)))).toMatchObject({ code: "ERR_BODY_ENCODING" });
  });
});

describe("RequestBody.multipart ends early", () => {
  test("when its loop is left, and drops the rest", async () => {
    for (const read of [true, false]) {
      const { body, consumed, push } = openBody(
        [form(field("a", "1"), field("b", "2")).subarray(0, 100)],
        typed,
      );
      for await (const part of body.multipart()) {
        if (read) await part.text();
        break;
      }
      push(Buffer.alloc(50)).close();
      expect(consumed.bytes).toBe(150);
    }
  });

  test("when its loop throws in the middle of a file", async () => {
    const { body, consumed, push } = openBody([], typed);
    push(form(file("f", "f", Buffer.alloc(100_000))).subarray(0, 90_000));
    const failure = new Error("disk full");
    const loop = (async () => {
      for await (const part of body.multipart()) for await (const _ of part.stream()) throw failure;
    })();
    expect(await rejection(loop)).toBe(failure);
    push(Buffer.alloc(10_000)).close();
    expect(consumed.bytes).toBe(100_000);
  });

  test("with the reason of an abort, wherever it waits", async () => {
    const head = `--XX\r\n${file("f", "f", "").head}\r\n\r\n`;
    for (const content of ["", "--X", head, `${head}some`, `${head}some\r\n--XX\r\nContent-D`]) {
      const { body, input } = openBody([content], typed);
      const all = rejection(readAll(body));
      await settled();
      input.fail(aborted);
      expect(await all).toBe(aborted);
    }
  });

  test("with the reason of an abort for the part that is not being read", async () => {
    const { body, input } = openBody([`--XX\r\n${file("f", "f", "").head}\r\n\r\nsome`], typed);
    const parts = partsOf(body);
    const part = (await parts.next()).value as Part;
    input.fail(aborted);
    await settled();
    expect(await rejection(part.bytes())).toBe(aborted);
    expect(await rejection(parts.next())).toBe(aborted);
    expect((await parts.next()).done).toBe(true);
  });

  test("with an error when the input is discarded during reading", async () => {
    const { body, input } = openBody([`--XX\r\n${field("a", "").head}\r\n\r\n1`], typed);
    const all = rejection(readAll(body));
    await settled();
    input.discard();
    expect(await all).toBeInstanceOf(TypeError);
  });

  test("always, with parts or an error, for any input", async () => {
    const token = fc.constantFrom(
      "--XX",
      "--XX--",
      "\r\n",
      "\n",
      "\r",
      "--",
      "-",
      "X",
      ":",
      ";",
      " ",
      "\0",
      "\xff",
      "a".repeat(70_000),
      'Content-Disposition: form-data; name="a"',
      "Content-Disposition: form-data",
      "Content-Disposition: x; name=a",
      '; filename="f',
      '"',
      "Content-Type: a/b",
      "Content-Type: text/plain; charset=utf-16le",
      "\r\n\r\n",
      "\r\n--XX\r\n",
      "\r\n--XX--\r\n",
      form(field("a", "1"), file("b", "b", "2")).toString(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(token, { maxLength: 25 }),
        fc.nat(200),
        fc.boolean(),
        async (tokens, size, read) => {
          const bytes = Buffer.from(tokens.join(""), "latin1");
          const { body, push } = openBody([], typed);
          const all = (async () => {
            for await (const part of body.multipart()) if (read) await part.bytes();
          })().catch((error: unknown) => expect(error).toMatchObject({ name: "HttpError" }));
          for (let at = 0; at < bytes.length; at += 1 + size * size)
            push(bytes.subarray(at, at + 1 + size * size));
          push().close();
          await all;
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** The fields that the parser finds in bytes in pieces of a size; or the status of its refusal. */
function parsed(bytes: Buffer, { boundary, size }: { readonly boundary: string; readonly size: number }) {
  const fields: [name: string, text: string][] = [];
  let ended = 0;
  const sink = {
    begin: ({ name }: { readonly name: string }) => void fields.push([name, ""]),
    content: (piece: Buffer) => {
      expect(piece.length).toBeGreaterThan(0);
      fields.at(-1)![1] += piece.toString("latin1");
    },
    end: () => {
      ended += 1;
    },
  };
  const parser = new MultipartParser(boundary, { sink, limits: { fields: 32, bytes: 16_384 } });
  try {
    for (let at = 0; at < bytes.length; at += size) parser.write(bytes.subarray(at, at + size));
    parser.end();
  } catch (error) {
    return (error as { status?: number }).status;
  }
  expect(ended).toBe(fields.length);
  return fields;
}

/** What a form in these forms of its lines may become: its fields, or a refusal. Never fewer fields. */
describe("RequestBody.multipart, for any division of the body,", () => {
  const disposition = (name: string) => `Content-Disposition: form-data; name="${name}"`;
  const one = (name: string, content: string) => `${disposition(name)}\r\n\r\n${content}`;
  const [a, b] = [one("a", "1"), one("b", "2")];
  type Fields = readonly (readonly [name: string, text: string])[];
  const both: Fields = [
    ["a", "1"],
    ["b", "2"],
  ];

  test.each<[what: string, body: string, expected: Fields | 400, contentType?: string]>([
    ["takes blanks behind a boundary", `--XX \t\r\n${a}\r\n--XX  \r\n${b}\r\n--XX--\r\n`, both],
    ["accepts blanks after the last boundary", `--XX\r\n${a}\r\n--XX\r\n${b}\r\n--XX-- \t\r\n`, both],
    ["takes blanks at the end", `--XX\r\n${a}\r\n--XX\r\n${b}\r\n--XX--  `, both],
    ["takes a last boundary without a line end", `--XX\r\n${a}\r\n--XX\r\n${b}\r\n--XX--`, both],
    ["takes a last boundary that ends in LF", `--XX\r\n${a}\r\n--XX\r\n${b}\r\n--XX--\n`, both],
    ["takes a preamble and an epilogue", `x\r\n\r\n--XX\r\n${a}\r\n--XX\r\n${b}\r\n--XX--\r\nx\r\n--X`, both],
    ["takes a preamble that is an empty line", `\r\n--XX\r\n${a}\r\n--XX\r\n${b}\r\n--XX--`, both],
    ["takes an empty part", `--XX\r\n${one("a", "")}\r\n--XX\r\n${b}\r\n--XX--`, [["a", ""], both[1]!]],
    [
      "takes a part whose boundary follows its header",
      `--XX\r\n${disposition("a")}\r\n\r\n--XX\r\n${b}\r\n--XX--`,
      [["a", ""], both[1]!],
    ],
    ["takes line ends as content", `--XX\r\n${one("a", "\r\n\r\n")}\r\n--XX--`, [["a", "\r\n\r\n"]]],
    [
      "takes beginnings of a boundary as content",
      `--XX\r\n${one("a", "\r\n--X\r\r\n--\n\r\n-")}\r\n--XX--`,
      [["a", "\r\n--X\r\r\n--\n\r\n-"]],
    ],
    [
      "takes a boundary within a line as content",
      `--XX\r\n${one("a", "x--XX\r\n --XX--")}\r\n--XX--`,
      [["a", "x--XX\r\n --XX--"]],
    ],
    [
      "takes folded lines of a header",
      `--XX\r\nContent-Disposition: form-data;\r\n\tname="a"\r\n\r\n1\r\n--XX--`,
      [["a", "1"]],
    ],
    [
      "takes names of fields in any case, and other fields",
      `--XX\r\ncontent-disposition:FORM-DATA;NAME=a\r\nX-Y:\r\n\r\n1\r\n--XX--`,
      [["a", "1"]],
    ],
    ["takes quotes in a name", `--XX\r\n${one('a\\"b\\\\c', "1")}\r\n--XX--`, [['a"b\\c', "1"]]],
    ["takes semicolons and blanks in a name", `--XX\r\n${one("; a=b ;", "1")}\r\n--XX--`, [["; a=b ;", "1"]]],
    ["takes an empty name", `--XX\r\n${one("", "1")}\r\n--XX--`, [["", "1"]]],
    [
      "accepts a semicolon after the last parameter",
      `--XX\r\n${disposition("a")} ;\r\n\r\n1\r\n--XX--`,
      [["a", "1"]],
    ],
    [
      "takes an extended name",
      `--XX\r\nContent-Disposition: form-data; name*=UTF-8''%e2%82%ac\r\n\r\n1\r\n--XX--`,
      [["€", "1"]],
    ],
    [
      "takes parts of parts as content",
      `--XX\r\n${disposition("a")}\r\nContent-Type: multipart/mixed; boundary=Y\r\n\r\n--Y\r\n\r\n1\r\n--Y--\r\n--XX--`,
      [["a", "--Y\r\n\r\n1\r\n--Y--"]],
    ],
    [
      "takes an encoding that changes nothing",
      `--XX\r\n${disposition("a")}\r\nContent-Transfer-Encoding: Binary\r\n\r\n1\r\n--XX--`,
      [["a", "1"]],
    ],
    [
      "takes a boundary in quotes",
      `--X X\r\n${a}\r\n--X X--`,
      [["a", "1"]],
      'multipart/form-data; boundary="X X"',
    ],
    [
      "takes blanks behind a boundary's parameter",
      `--XX\r\n${a}\r\n--XX--`,
      [["a", "1"]],
      "multipart/form-data; boundary=XX \t; x=y",
    ],
    [
      "takes a long boundary",
      `--${"X".repeat(100)}\r\n${a}\r\n--${"X".repeat(100)}--`,
      [["a", "1"]],
      `multipart/form-data; boundary=${"X".repeat(100)}`,
    ],
    [
      "takes a boundary of dashes",
      `--${"-".repeat(20)}X\r\n${one("a", `\r\n${"-".repeat(21)}`)}\r\n--${"-".repeat(20)}X--`,
      [["a", `\r\n${"-".repeat(21)}`]],
      `multipart/form-data; boundary=${"-".repeat(20)}X`,
    ],
    ["refuses line ends of LF alone", `--XX\n${disposition("a")}\n\n1\n--XX--\n`, 400],
    ["refuses LF behind a boundary", `--XX\r\n${a}\r\n--XX\n${b}\r\n--XX--`, 400],
    ["refuses LF in front of a boundary", `--XX\r\n${a}\n--XX\r\n${b}\r\n--XX--`, 400],
    ["refuses LF in front of the first boundary", `x\n--XX\r\n${a}\r\n--XX--`, 400],
    ["refuses LF in a header", `--XX\r\n${disposition("a")}\nX: y\r\n\r\n1\r\n--XX--`, 400],
    ["refuses LF behind a header", `--XX\r\n${disposition("a")}\r\n\n1\r\n--XX--`, 400],
    ["refuses CR in a header", `--XX\r\nX: a\rb\r\n${a}\r\n--XX--`, 400],
    ["refuses CR alone behind a boundary", `--XX\r${a}\r\n--XX--`, 400],
    ["refuses a boundary that goes on", `--XX\r\n${a}\r\n--XXY\r\n${b}\r\n--XX--`, 400],
    ["refuses a boundary that goes on behind blanks", `--XX\r\n${a}\r\n--XX Y\r\n${b}\r\n--XX--`, 400],
    ["refuses a boundary with one dash", `--XX\r\n${a}\r\n--XX-\r\n${b}\r\n--XX--`, 400],
    ["refuses a last boundary that goes on", `--XX\r\n${a}\r\n--XX--x\r\n${b}\r\n--XX--`, 400],
    ["refuses a part after the last boundary", `--XX\r\n${a}\r\n--XX--\r\n--XX\r\n${b}\r\n--XX--`, 400],
    ["refuses a body without its last boundary", `--XX\r\n${a}\r\n--XX\r\n${b}\r\n`, 400],
    ["refuses a body without any boundary", "a=1", 400],
    ["refuses a part without a header", `--XX\r\n\r\n1\r\n--XX\r\n${b}\r\n--XX--`, 400],
    ["refuses a part without anything", `--XX\r\n--XX\r\n${b}\r\n--XX--`, 400],
    [
      "refuses a part without Content-Disposition",
      `--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--`,
      400,
    ],
    [
      "refuses a part without a name",
      `--XX\r\nContent-Disposition: form-data; filename="x"\r\n\r\n1\r\n--XX--`,
      400,
    ],
    [
      "refuses a part that is not form data",
      `--XX\r\nContent-Disposition: attachment; name="a"\r\n\r\n1\r\n--XX--`,
      400,
    ],
    ["refuses two names", `--XX\r\n${disposition("a")}; name="b"\r\n\r\n1\r\n--XX--`, 400],
    ["refuses Content-Disposition twice", `--XX\r\n${disposition("a")}\r\n${b}\r\n--XX--`, 400],
    [
      "refuses a name whose quotes are not closed",
      `--XX\r\nContent-Disposition: form-data; name="a\r\n\r\n1\r\n--XX--`,
      400,
    ],
    ["refuses text behind a name's quotes", `--XX\r\n${disposition("a")}b\r\n\r\n1\r\n--XX--`, 400],
    ["refuses a parameter without a value", `--XX\r\n${disposition("a")}; filename\r\n\r\n1\r\n--XX--`, 400],
    [
      "refuses an extended name that is malformed",
      `--XX\r\nContent-Disposition: form-data; name*=UTF-8''%e2%8\r\n\r\n1\r\n--XX--`,
      400,
    ],
    [
      "refuses an extended name that is not UTF-8",
      `--XX\r\nContent-Disposition: form-data; name*=UTF-8''%ff\r\n\r\n1\r\n--XX--`,
      400,
    ],
    ["refuses a line that is not a field", `--XX\r\nfoo\r\n${a}\r\n--XX--`, 400],
    [
      "refuses a blank in front of a colon",
      `--XX\r\nContent-Disposition : form-data; name="a"\r\n\r\n1\r\n--XX--`,
      400,
    ],
    ["refuses a header that begins folded", `--XX\r\n ${a}\r\n--XX--`, 400],
    [
      "refuses base64",
      `--XX\r\n${disposition("a")}\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--XX--`,
      400,
    ],
    [
      "refuses quoted-printable",
      `--XX\r\n${disposition("a")}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=31\r\n--XX--`,
      400,
    ],
    [
      "refuses two boundaries in the Content-Type",
      `--XX\r\n${a}\r\n--XX--`,
      400,
      "multipart/form-data; boundary=XX; boundary=YY",
    ],
    [
      "refuses a boundary that ends in a blank",
      `--XX \r\n${a}\r\n--XX --`,
      400,
      'multipart/form-data; boundary="XX "',
    ],
  ])("%s", async (_what, text, expected, contentType = formType) => {
    const outcome = readAll(wholeBody(text, { contentType })).then(
      (parts) => parts.map((part) => [part.name, part.text]),
      (error: unknown) => (error as { status?: number }).status ?? error,
    );
    expect(await outcome).toEqual(expected);
    if (contentType !== formType) return;
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size += 1)
      expect(parsed(bytes, { boundary: "XX", size }), `in pieces of ${size}`).toEqual(expected);
  });

  test("refuses more header fields of a part than its limit, and a longer header", async () => {
    const fields = (count: number) => `--XX\r\n${"X: y\r\n".repeat(count)}${a}\r\n--XX--`;
    expect(await readAll(wholeBody(fields(31), typed))).toHaveLength(1);
    for (const text of [fields(32), `--XX\r\nX: ${"y".repeat(16 * 1024)}\r\n${a}\r\n--XX--`]) {
      expect(await rejection(readAll(wholeBody(text, typed)))).toMatchObject({
        status: 400,
        code: "ERR_BODY_MULTIPART",
      });
    }
    expect(await readAll(wholeBody(fields(32), typed), { headerPairs: 33 })).toHaveLength(1);
  });
});

test("Parts keep their content after the body has ended, and share no memory", async () => {
  const kept = new KeptChunks();
  // Each line may begin a boundary, so that the end of a piece is held until the next one comes.
  const content = (bytes: number) => Buffer.alloc(bytes, "0123456789\r\n--X\r\n");
  const sent = [
    field("a", "small"),
    field("b", "fields"),
    file("c", "c", content(20_000)),
    field("d", "in one piece"),
    file("e", "e", content(300_000)),
  ];
  const hand = openBody([], typed);
  const reading = (async () => {
    const found: Buffer[] = [];
    for await (const part of hand.body.multipart()) {
      if (part.filename === undefined) {
        found.push(kept.keep(await part.bytes()));
      } else {
        const chunks: Uint8Array[] = [];
        for await (const chunk of kept.of(part.stream())) chunks.push(chunk);
        found.push(Buffer.concat(chunks));
      }
    }
    return found;
  })();
  const bytes = form(...sent);
  const piece = 5_003;
  for (let at = 0; at < bytes.length; at += piece) {
    hand.push(bytes.subarray(at, at + piece));
    await settled();
  }
  hand.close();
  expect((await reading).map(String)).toEqual(sent.map((part) => String(part.content)));
  expect(kept.check()).toBeGreaterThan(sent.length);
});
