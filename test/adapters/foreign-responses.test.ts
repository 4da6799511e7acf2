import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import { ResponderRequest } from "tricorn";
import { fetchHandler, type FetchFunction } from "tricorn/adapters";
import { describe, expect, test } from "vitest";

import { get } from "../support/records.js";
import { serveDefinitions } from "../support/served.js";
import { serveHandlers } from "./support.js";

/** Responses of libraries that are not the platform's `Response`. */
interface Parts {
  readonly status?: number;
  readonly statusText?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly headers?: object;
  readonly body?: unknown;
  readonly bodyUsed?: boolean;
  readonly arrayBuffer?: () => Promise<ArrayBuffer>;
}

function made({ status = 200, fields = [], ...parts }: Parts): Response {
  return {
    status,
    statusText: "",
    headers: fields,
    body: null,
    bodyUsed: false,
    ...parts,
  } as unknown as Response;
}

const serveFetch = (fetch: FetchFunction) => serveHandlers(fetchHandler(fetch));

async function answerTo(response: () => unknown) {
  const { visit, log } = await serveFetch(response as FetchFunction);
  return { answer: await visit("/"), log };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("A Response of another implementation", () => {
  test.each<[string, () => unknown]>([
    ["a web stream", () => new Response("hello").body],
    [
      "a stream that has a reader and is not a ReadableStream",
      () => {
        const pieces = [bytes("hel"), bytes("lo")];
        const read = async () => ({ done: pieces.length === 0, value: pieces.shift() });
        return { getReader: () => ({ read, cancel: async () => {} }), cancel: async () => {} };
      },
    ],
    ["a Node stream (node-fetch)", () => Readable.from([Buffer.from("hel"), Buffer.from("lo")])],
    [
      "an async iterable",
      async function* () {
        yield bytes("hel");
        yield bytes("lo");
      },
    ],
  ])("may have %s as its body", async (_name, body) => {
    const { answer } = await answerTo(() => made({ status: 201, fields: [["X-A", "1"]], body: body() }));
    expect([answer.status, answer.text, answer.headers.get("x-a")]).toEqual([201, "hello", "1"]);
  });

  test("may have a body that can only be collected (whatwg-fetch)", async () => {
    const arrayBuffer = async () => bytes("hello").buffer as ArrayBuffer;
    const { answer } = await answerTo(() => made({ body: undefined, arrayBuffer }));
    expect([answer.status, answer.text, answer.headers.get("content-length")]).toEqual([200, "hello", "5"]);
  });

  test("may have no body", async () => {
    const { answer } = await answerTo(() => made({ status: 204 }));
    expect([answer.status, answer.text]).toEqual([204, ""]);
  });

  test("may arrive in a promise of another realm", async () => {
    const later = runInNewContext("(value) => new Promise((resolve) => resolve(value))") as <T>(v: T) => T;
    const { answer } = await answerTo(() => later(made({ body: Readable.from([Buffer.from("x")]) })));
    expect(answer.text).toBe("x");
  });

  test.each<[string, object]>([
    ["getSetCookie() (undici, @whatwg-node/fetch)", { getSetCookie: () => ["a=1; Expires=Mon, 1", "b=2"] }],
    ["raw() (node-fetch)", { raw: () => ({ "set-cookie": ["a=1; Expires=Mon, 1", "b=2"] }) }],
  ])("has each cookie on its own line, by %s", async (_name, more) => {
    const joined: readonly (readonly [string, string])[] = [
      ["x-a", "1"],
      ["set-cookie", "a=1; Expires=Mon, 1, b=2"],
    ];
    const headers = { [Symbol.iterator]: () => joined[Symbol.iterator](), ...more };
    const { answer } = await answerTo(() => made({ headers }));
    expect(answer.headers.toArray()).toEqual([
      ["Content-Length", "0"],
      ["x-a", "1"],
      ["set-cookie", "a=1; Expires=Mon, 1"],
      ["set-cookie", "b=2"],
    ]);
  });

  test("may have any status and reason phrase", async () => {
    const special = () => made({ status: 799, statusText: "Quite Special" });
    const { connect } = await serveDefinitions([fetchHandler(special)]);
    const peer = await connect();
    expect((await peer.send(get(1, "/")).answer(1)).stdout.toString()).toMatch(
      /^Status: 799 Quite Special\r\n/,
    );
  });
});

describe("Parts of a Response that cannot be sent", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["one of Response.error()", () => Response.error(), /created by Response\.error\(\)/],
    [
      "a body that was read",
      async () => {
        const response = new Response("x");
        await response.text();
        return response;
      },
      /was read already/,
    ],
    ["a status of 1000", () => made({ status: 1000 }), /integer from 200 to 999/],
    ["a status of 101", () => made({ status: 101 }), /integer from 200 to 999/],
    ["a reason phrase of two lines", () => made({ statusText: "a\r\nSet-Cookie: b" }), /control character/],
    ["a field of two lines", () => made({ fields: [["x", "a\r\nb"]] }), /control character/],
    ["nothing", () => undefined, /must return a Response, this one returned undefined/],
    ["text", () => "text", /must return a Response, this one returned string/],
    ["an object", () => ({ status: "200" }), /must return a Response, this one returned object/],
  ])("become a 500 that is logged: %s", async (_name, response, message) => {
    const { answer, log } = await answerTo(response);
    expect(answer.status).toBe(500);
    expect(log.map(({ err }) => err?.message).join()).toMatch(message);
    expect(answer.text).not.toMatch(message);
  });
});

describe("The context of a fetch function", () => {
  test("can be extended, also with names of the request, separately for each request", async () => {
    const seen: unknown[] = [];
    const { visit } = await serveFetch((request, context) => {
      seen.push(context);
      expect(Object.isExtensible(context)).toBe(true);
      expect("added" in context).toBe(false);
      expect(context.params.get("REMOTE_ADDR")).toBe("192.0.2.7");
      Object.assign(context, { request, params: { query: "{hi}" }, user: "me", added: true });
      const { params, user } = context as unknown as { params: { query: string }; user: string };
      return Response.json({ ...params, user, keys: Object.keys(context) });
    });
    const params = { REMOTE_ADDR: "192.0.2.7" };
    const keys = ["request", "params", "user", "added"];
    for (let count = 0; count < 2; count += 1)
      expect((await visit("/", { params })).json()).toEqual({ query: "{hi}", user: "me", keys });
    expect(seen[0]).not.toBe(seen[1]);
  });

  test("has all members of a request", async () => {
    const { visit } = await serveFetch(async (_request, context) => {
      expect(context).toBeInstanceOf(ResponderRequest);
      const { method, path, target, remoteAddress, cookies, scheme, host } = context;
      context.log.info("seen");
      context.exchange.warn("warned");
      return Response.json({
        method,
        path,
        target,
        remoteAddress,
        cookies,
        scheme,
        host,
        aborted: context.signal.aborted,
        agent: context.headers.get("user-agent"),
        body: await context.body.text(),
        pathParams: Object.keys(context.pathParams),
      });
    });
    const answer = await visit("/a?b", {
      method: "PUT",
      body: "x",
      headers: { "User-Agent": "me", Cookie: "c=d" },
      params: { REMOTE_ADDR: "192.0.2.7" },
    });
    expect(answer.json()).toMatchObject({
      method: "PUT",
      path: "/a",
      target: "/a?b",
      remoteAddress: "192.0.2.7",
      cookies: { c: "d" },
      scheme: "http",
      host: "localhost",
      aborted: false,
      agent: "me",
      body: "x",
    });
  });
});
