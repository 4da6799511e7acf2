import { Readable } from "node:stream";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";

import { HttpError } from "../../src/http/http-error.js";
import type { Middleware } from "../../src/roles/middleware.js";
import { Reply, reply, type ReplyBody } from "../../src/roles/reply.js";
import { allow, challenge, deny, redirect } from "../../src/roles/verdict.js";
import type { Answer } from "../support/answer.js";
import { get } from "../support/records.js";
import { serveDefinitions } from "../support/served.js";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** The bytes of "hello" as a part of a larger piece of memory. */
function inside(memory: ArrayBuffer | SharedArrayBuffer): Uint8Array {
  const all = new Uint8Array(memory);
  all.set(bytes("xxhelloyy"));
  return all.subarray(2, 7);
}

function shared(text: string): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(text.length);
  new Uint8Array(memory).set(bytes(text));
  return memory;
}

async function* asynchronous(...pieces: (string | Uint8Array)[]) {
  yield* pieces;
}

/** Blobs and responses of libraries are known by their tags. */
class ForeignBlob {
  readonly size = 5;
  readonly type = "text/x-foreign";
  readonly [Symbol.toStringTag] = "Blob";
  stream = () => ReadableStream.from([bytes("hello")]);
}

class ForeignResponse {
  readonly status = 203;
  readonly headers = new Map([["x-foreign", "yes"]]);
  readonly body = Readable.from([bytes("hello")]);
  readonly [Symbol.toStringTag] = "Response";
}

const TEXT = "text/plain; charset=utf-8";
const BYTES = "application/octet-stream";
const JSON_TYPE = "application/json; charset=utf-8";

/** An answer: its media type, its text, and whether its length is known in advance. */
type Kind = [name: string, make: () => ReplyBody, type: string, text: string, length: "known" | "unknown"];

const kinds: Kind[] = [
  ["text", () => "hello", TEXT, "hello", "known"],
  ["a Buffer", () => Buffer.from("hello"), BYTES, "hello", "known"],
  ["a part of a larger buffer", () => inside(new ArrayBuffer(9)), BYTES, "hello", "known"],
  ["a part of shared memory", () => inside(new SharedArrayBuffer(9)), BYTES, "hello", "known"],
  ["an ArrayBuffer", () => bytes("hello").buffer, BYTES, "hello", "known"],
  [
    "an ArrayBuffer of another realm",
    () => runInContext("new Uint8Array([104, 105]).buffer", createContext()) as ArrayBuffer,
    BYTES,
    "hi",
    "known",
  ],
  ["a SharedArrayBuffer", () => shared("hello"), BYTES, "hello", "known"],
  ["a large SharedArrayBuffer", () => shared("x".repeat(100_000)), BYTES, "x".repeat(100_000), "known"],
  ["a DataView", () => new DataView(bytes("xhellox").buffer, 1, 5), BYTES, "hello", "known"],
  ["a Uint8ClampedArray", () => new Uint8ClampedArray(bytes("hello")), BYTES, "hello", "known"],
  ["a Int8Array", () => new Int8Array(bytes("hello")), BYTES, "hello", "known"],
  ["a Uint16Array", () => new Uint16Array(bytes("xxhellox").buffer, 2, 2), BYTES, "hell", "known"],
  ["a Float64Array", () => new Float64Array(bytes("12345678").buffer), BYTES, "12345678", "known"],
  ["a BigInt64Array", () => new BigInt64Array(bytes("12345678").buffer), BYTES, "12345678", "known"],
  ["a Blob", () => new Blob(["hello"], { type: "text/csv" }), "text/csv", "hello", "known"],
  ["a Blob without a type", () => new Blob(["hello"]), BYTES, "hello", "known"],
  ["a File", () => new File(["hello"], "a.csv", { type: "text/csv" }), "text/csv", "hello", "known"],
  ["a Blob of a library", () => new ForeignBlob(), "text/x-foreign", "hello", "known"],
  [
    "URLSearchParams",
    () => new URLSearchParams({ a: "ä b" }),
    "application/x-www-form-urlencoded;charset=UTF-8",
    "a=%C3%A4+b",
    "known",
  ],
  ["an object", () => ({ a: 1 }), JSON_TYPE, '{"a":1}', "known"],
  ["an array", () => ["a"], JSON_TYPE, '["a"]', "known"],
  ["a number", () => 7, JSON_TYPE, "7", "known"],
  ["a Date", () => new Date(0), JSON_TYPE, '"1970-01-01T00:00:00.000Z"', "known"],
  ["an instance with toJSON", () => ({ toJSON: () => ({ a: 1 }) }), JSON_TYPE, '{"a":1}', "known"],
  [
    "an iterable with toJSON",
    () => ({ toJSON: () => ["a"], [Symbol.iterator]: () => ["a"].values() }),
    JSON_TYPE,
    '["a"]',
    "known",
  ],
  ["a Set of text", () => new Set(["a", "b"]), TEXT, "ab", "unknown"],
  ["an iterable", () => ["a", "b"].values(), TEXT, "ab", "unknown"],
  ["an async iterable", () => asynchronous("a", "b"), TEXT, "ab", "unknown"],
  ["a web stream", () => ReadableStream.from([bytes("hello")]), BYTES, "hello", "unknown"],
  [
    "a web stream of other bytes",
    () => ReadableStream.from([bytes("hello").buffer, new DataView(bytes("!").buffer)]),
    BYTES,
    "hello!",
    "unknown",
  ],
  ["a Node stream", () => Readable.from([bytes("hello")]), BYTES, "hello", "unknown"],
];

type Way = [name: string, handle: (make: () => ReplyBody) => unknown, middleware?: Middleware];

const ways: Way[] = [
  ["returned", (make) => make()],
  ["returned by a promise", async (make) => make()],
  ["replied", (make) => reply(make())],
  ["replied through middleware", (make) => reply(make()), (_request, next) => next()],
  ["returned through middleware", (make) => make(), (_request, next) => next()],
  [
    "put into a reply by middleware",
    (make) => reply({ made: make }),
    async (_request, next) => {
      const answer = await next();
      answer.body = (answer.body as unknown as { made: () => ReplyBody }).made();
      return answer;
    },
  ],
];

async function ask(handle: () => unknown, { middleware = [] as Middleware[], method = "GET" } = {}) {
  const { connect, log } = await serveDefinitions([
    {
      kind: "responder",
      name: "Books",
      routes: [{ method: "GET", path: "/", name: "Books.show", handle, middleware }],
    },
  ]);
  const peer = await connect();
  const answer: Answer = await peer.send(get(1, "/", { params: { REQUEST_METHOD: method } })).answer(1);
  return { answer, log };
}

describe.each(ways)("A body that is %s", (_way, handle, around) => {
  const middleware = around === undefined ? [] : [around];

  test.each(kinds)("may be %s", async (_kind, make, type, text, length) => {
    const { answer } = await ask(() => handle(make), { middleware });

    expect([answer.status, answer.header("Content-Type"), answer.text]).toEqual([200, type, text]);
    expect(answer.header("Content-Length")).toBe(length === "known" ? String(answer.body.length) : undefined);
  });

  test.each(kinds)("may be %s for HEAD, with its known fields", async (_kind, make, type, text, length) => {
    const { answer } = await ask(() => handle(make), { middleware, method: "HEAD" });

    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(answer.header("Content-Length")).toBe(
      length === "known" ? String(Buffer.byteLength(text)) : undefined,
    );
    expect([type, undefined]).toContain(answer.header("Content-Type"));
  });

  test("may be FormData, with its boundary", async () => {
    const form = new FormData();
    form.append("title", "Émile");
    form.append("cover", new File(["x"], "x.png", { type: "image/png" }));
    const { answer } = await ask(() => handle(() => form), { middleware });

    const read = await new Response(new Uint8Array(answer.body), {
      headers: { "Content-Type": answer.header("Content-Type")! },
    }).formData();
    expect([read.get("title"), (read.get("cover") as File).name]).toEqual(["Émile", "x.png"]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["a Map", () => new Map([["a", 1]]), /: a Map is neither text nor JSON; send Object\.fromEntries/],
    ["a BigInt", () => 1n, /: a BigInt is neither text nor JSON; send String\(value\)$/],
    [
      "a BigInt inside of an object",
      () => ({ a: [1n] }),
      /: it contains a BigInt, which JSON does not support; send String\(value\)$/,
    ],
    ["a function", () => ask, /: a function \(ask\) is neither text nor JSON; call it$/],
    ["a symbol", () => Symbol("x"), /: a symbol is neither text nor JSON$/],
    [
      "a promise in a promise's place",
      () => [Promise.resolve(1)].values(),
      /: the iterable yields a number, not text or bytes; /,
    ],
    [
      "a Set of numbers",
      () => new Set([1]),
      /: the iterable yields a number, not text or bytes; send JSON as/,
    ],
    ["Headers", () => new Headers({ a: "b" }), /: the iterable yields an array, not/],
    ["a WeakMap", () => new WeakMap(), /: a WeakMap is neither text nor JSON$/],
    ["a regular expression", () => /x/, /: a RegExp is neither text nor JSON$/],
    [
      "an instance whose toJSON returns undefined",
      () => ({ toJSON: () => undefined }),
      /: its toJSON\(\) returns a value that JSON cannot represent/,
    ],
    [
      "an object that contains itself",
      () => {
        const loop: Record<string, unknown> = {};
        return Object.assign(loop, { loop });
      },
      /: it contains itself by its property loop, so it cannot be sent as JSON$/,
    ],
  ])("may not be %s: the log names the handler, the problem and the remedy", async (_kind, make, fact) => {
    const { answer, log } = await ask(() => handle(make as () => ReplyBody), { middleware });

    expect(answer.status).toBe(500);
    const errors = log.flatMap(({ err }) => err ?? []);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ type: "ReplyBodyError", code: "ERR_REPLY_BODY" });
    expect(errors[0]!.message).toMatch(fact);
    expect(errors[0]!.message).toMatch(/^Cannot reply for Books\.show: /);
    expect(answer.stderr.trimEnd()).toMatch(fact);
  });

  test.each<[string, () => unknown, number]>([
    ["an HttpError", () => new HttpError(409, "Taken."), 409],
    ["any other error", () => new Error("secret"), 500],
  ])("counts as thrown if it is %s", async (_kind, make, status) => {
    const { answer } = await ask(() => handle(make as () => ReplyBody), { middleware });

    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("secret");
  });
});

test.each<[string, () => ReplyBody, RegExp]>([
  ["a Blob", () => new Blob(["x"], { type: "text/csv" }), /^text\/csv$/],
  ["a Blob that says none", () => new Blob(["x"]), /^text\/html$/],
  ["FormData, whose boundary is in it", () => new FormData(), /^multipart\/form-data; boundary=/],
  ["URLSearchParams", () => new URLSearchParams(), /^application\/x-www-form-urlencoded/],
  ["bytes, which say none", () => new ArrayBuffer(1), /^text\/html$/],
])("The media type of a route does not replace that of %s", async (_kind, make, type) => {
  const definition = (handle: () => unknown) =>
    serveDefinitions([
      {
        kind: "responder",
        name: "Books",
        routes: [{ method: "GET", path: "/", name: "Books.show", type: "text/html", handle }],
      },
    ]);
  for (const handle of [make, () => reply(make())]) {
    const peer = await (await definition(handle)).connect();
    expect((await peer.send(get(1, "/")).answer(1)).header("Content-Type")).toMatch(type);
  }
  const peer = await (await definition(() => reply(make(), { type: "a/b" }))).connect();
  expect((await peer.send(get(1, "/")).answer(1)).header("Content-Type")).toBe("a/b");
});

describe("A promise inside a reply", () => {
  test("is refused, since it would be serialized as an empty object", async () => {
    const { answer, log } = await ask(() => reply(Promise.resolve("x")));

    expect(answer.status).toBe(500);
    expect(log.flatMap(({ err }) => err?.message ?? [])).toEqual([
      "Cannot reply for Books.show: a promise is not a body; await it",
    ]);
  });
});

describe("A value that JSON would serialize as an empty object", () => {
  test.each([
    // oxlint-disable-next-line unicorn/no-thenable -- query builders of databases are such objects
    ["a thenable inside a reply", () => reply({ then: () => {} }), "a promise is not a body; await it"],
    ["a Request", () => new Request("http://x/"), "a Request is neither text nor JSON; send its body"],
    [
      "a CompressionStream",
      () => new CompressionStream("gzip"),
      "a CompressionStream is neither text nor JSON; send its readable",
    ],
    ["a WeakRef", () => new WeakRef({}), "a WeakRef is neither text nor JSON"],
  ])("is refused: %s", async (_name, handle, fact) => {
    const { answer, log } = await ask(handle);
    expect(answer.status).toBe(500);
    expect(log.flatMap(({ err }) => err?.message ?? [])).toEqual([`Cannot reply for Books.show: ${fact}`]);
  });

  test("counts as thrown if it is an error of another realm", async () => {
    const { answer, log } = await ask(() => runInNewContext("new RangeError('far away')") as object);
    expect(answer.status).toBe(500);
    expect(log.flatMap(({ err }) => err?.message ?? [])).toEqual(["far away"]);
  });

  test("is read if it is a library's web stream", async () => {
    const streamOf = () => {
      const stream = new Blob(["hello"]).stream();
      return { getReader: () => stream.getReader() };
    };
    for (const handle of [streamOf, () => reply(streamOf())])
      expect((await ask(handle)).answer.text).toBe("hello");
  });
});

describe("A Response that was already read", () => {
  test("is refused, since its body is gone", async () => {
    const used = async () => {
      const response = new Response("x");
      await response.text();
      return response;
    };
    for (const handle of [used, async () => reply(await used())]) {
      const { answer, log } = await ask(handle);
      expect(answer.status).toBe(500);
      expect(log.flatMap(({ err }) => err?.message ?? [])).toEqual([
        "Cannot reply: the body of the Response was read already",
      ]);
    }
  });
});

describe("reply of another answer", () => {
  const fieldsOf = ({ headers }: Reply) => [...headers];

  test("keeps what the reply does not override of a Response", async () => {
    const response = () =>
      new Response("x", { status: 202, headers: { "X-A": "1", "X-B": "2", "Content-Type": "a/b" } });
    const { answer } = await ask(() => reply(response()));
    expect([answer.status, answer.text, answer.header("x-a"), answer.header("content-type")]).toEqual([
      202,
      "x",
      "1",
      "a/b",
    ]);

    const anew = reply(response(), {
      status: 203,
      type: "c/d",
      headers: { "x-a": "3" },
      applicationStatus: 4,
    });
    expect(anew).toMatchObject({ status: 203, type: "c/d", applicationStatus: 4 });
    expect(fieldsOf(anew)).toEqual([
      ["x-b", "2"],
      ["x-a", "3"],
    ]);
  });

  test("accepts a library's Response", async () => {
    for (const handle of [() => new ForeignResponse(), () => reply(new ForeignResponse())]) {
      const { answer } = await ask(handle);
      expect([answer.status, answer.text, answer.header("x-foreign")]).toEqual([203, "hello", "yes"]);
    }
  });

  test("leaves a reply unchanged and creates another one", () => {
    const first = reply("x", { status: 201, headers: { "X-A": "1" }, applicationStatus: 2 });
    const second = reply(first, { headers: { "X-B": "2" } });
    expect([first.headers.size, second.status, second.applicationStatus]).toEqual([1, 201, 2]);
    expect(fieldsOf(second)).toEqual([
      ["X-A", "1"],
      ["X-B", "2"],
    ]);
  });

  test("adds to a denial", () => {
    const answer = reply(redirect("/log-in", 303), { headers: { "Set-Cookie": "a=" } });
    expect(answer.status).toBe(303);
    expect(fieldsOf(answer)).toEqual([
      ["Location", "/log-in"],
      ["Set-Cookie", "a="],
    ]);
  });

  test("refuses an allow", () => {
    expect(() => reply(allow())).toThrow("only an authorizer decides");
  });
});

describe("A decision returned by a responder", () => {
  const pass: Middleware = (_request, next) => next();
  const realm = challenge("Basic", { realm: "Bücher" });

  test.each<[string, () => unknown, Middleware[]]>([
    ["returned", () => redirect("/zürich?q=é"), []],
    ["replied", () => reply(redirect("/zürich?q=é")), []],
    ["returned through middleware", () => redirect("/zürich?q=é"), [pass]],
    ["returned by middleware", () => "x", [() => redirect("/zürich?q=é")]],
    [
      "thrown",
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- a denial is thrown if it cannot be returned
        throw redirect("/zürich?q=é");
      },
      [],
    ],
    ["rejected with, through middleware", () => Promise.reject(redirect("/zürich?q=é")), [pass]],
  ])("is sent in UTF-8, once, if it is %s", async (_way, handle, middleware) => {
    const { answer, log } = await ask(handle, { middleware });

    expect([answer.status, Buffer.from(answer.header("Location")!, "latin1").toString()]).toEqual([
      302,
      "/zürich?q=é",
    ]);
    expect(log.filter(({ err }) => err !== undefined)).toEqual([]);
  });

  test("has its fields, its media type and its body in UTF-8, once", async () => {
    const asked = (await ask(() => realm)).answer.header("WWW-Authenticate")!;
    expect(Buffer.from(asked, "latin1").toString()).toBe('Basic realm="Bücher"');

    const { answer } = await ask(() =>
      deny(403, { body: "Nö.", type: "text/plain; x=ü", headers: { "X-A": "é" } }),
    );
    const [type, field] = [answer.header("Content-Type")!, answer.header("X-A")!];
    expect(Buffer.from(type, "latin1").toString()).toBe("text/plain; x=ü");
    expect(Buffer.from(field, "latin1").toString()).toBe("é");
    expect(answer.text).toBe("Nö.");
  });
});
