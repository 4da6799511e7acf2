// A separate file, because it replaces globals for the whole process.
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { fetchHandler, replaceFetchGlobals, type FetchFunction } from "tricorn/adapters";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { deferred } from "../support/served.js";
import { serveHandlers } from "./support.js";

const platform = { Request: globalThis.Request, Response: globalThis.Response };

beforeAll(() => {
  replaceFetchGlobals();
  replaceFetchGlobals();
});
afterAll(() => void Object.assign(globalThis, platform));

/** The properties of a Response, body last. */
async function told(response: Response) {
  const { status, statusText, ok, type, url, redirected, bodyUsed } = response;
  const facts = { status, statusText, ok, type, url, redirected, bodyUsed };
  return { ...facts, headers: [...response.headers], text: await response.text(), used: response.bodyUsed };
}

describe("A light Response", () => {
  const makers: [string, (R: typeof Response) => Response][] = [
    ["text", (R) => new R("caf\u00e9")],
    [
      "text with a type",
      (R) => new R("x", { headers: { "Content-Type": "text/html" }, status: 404, statusText: "No" }),
    ],
    ["nothing", (R) => new R(null, { status: 204 })],
    ["nothing at all", (R) => new R()],
    [
      "bytes",
      (R) =>
        new R(new TextEncoder().encode("abc"), {
          headers: [
            ["a", "1"],
            ["a", "2"],
          ],
        }),
    ],
    ["an ArrayBuffer", (R) => new R(new TextEncoder().encode("abc").buffer)],
    ["a form", (R) => new R(new URLSearchParams({ a: "1 2" }), { headers: new Headers({ b: "1" }) })],
    ["a Blob", (R) => new R(new Blob(["abc"], { type: "a/b" }))],
    ["a stream", (R) => new R(new Blob(["abc"]).stream())],
    ["JSON", (R) => R.json({ a: 1 }, { status: 201 })],
    ["JSON with a type", (R) => R.json([], { headers: { "content-type": "application/problem+json" } })],
    ["a redirection", (R) => R.redirect("http://a.example/", 301)],
    ["text without an init", (R) => new R("x", null as never)],
    ["another Response", (R) => new R("x", new R("y", { status: 202, headers: { a: "1" } }))],
    ["a clone", (R) => new R("x", { headers: { a: "1" } }).clone()],
    [
      "a body taken over",
      (R) => {
        const first = new R("x", { headers: { a: "1" } });
        first.headers.set("b", "2");
        return new R(first.body, first);
      },
    ],
  ];

  test.each(makers)("has the same %s as the platform's Response", async (_name, make) => {
    expect(await told(make(Response))).toEqual(await told(make(platform.Response)));
  });

  test.each<[string, (R: typeof Response) => Response]>([
    ["an invalid status", (R) => new R("", { status: 199 })],
    ["a body that its status forbids", (R) => new R("x", { status: 304 })],
    ["JSON of nothing", (R) => R.json(undefined)],
  ])("refuses %s like the platform's", (_name, make) => {
    const failureOf = (R: typeof Response): string => {
      try {
        make(R);
        return "made";
      } catch (error) {
        return (error as Error).constructor.name;
      }
    };
    expect(failureOf(Response)).toBe(failureOf(platform.Response));
  });

  test("is an instance of both Response classes", () => {
    const [light, real] = [new Response("x"), new platform.Response("x")];
    expect([light instanceof Response, light instanceof platform.Response]).toEqual([true, true]);
    expect([real instanceof Response, real instanceof platform.Response]).toEqual([true, true]);
    expect([Object.prototype.toString.call(light), {} instanceof Response]).toEqual([
      "[object Response]",
      false,
    ]);
    class Own extends Response {}
    expect([new Own() instanceof Own, light instanceof Own]).toEqual([true, false]);
  });

  test("gives its body once, in each form", async () => {
    const json = new Response('{"a":1}');
    expect(await json.json()).toEqual({ a: 1 });
    await expect(json.text()).rejects.toThrow(TypeError);
    expect(() => json.clone()).toThrow(TypeError);
    expect((await new Response("abc").arrayBuffer()).byteLength).toBe(3);
    expect((await new Response("abc").blob()).type).toBe("text/plain;charset=utf-8");
    const form = new FormData();
    form.append("a", "1");
    expect((await new Response(form).formData()).get("a")).toBe("1");
    const streamed = new Response("abc");
    let bytes = 0;
    for await (const piece of streamed.body!) bytes += piece.length;
    expect([bytes, streamed.bodyUsed]).toEqual([3, true]);
  });

  test("does not change when its input changes", async () => {
    const bytes = new TextEncoder().encode("abc");
    const headers = { a: "1" };
    const response = new Response(bytes, { headers });
    bytes.fill(120);
    headers.a = "2";
    expect([response.headers.get("a"), await response.text()]).toEqual(["1", "abc"]);
  });
});

describe("With the globals replaced, a fetch handler", () => {
  const serveFetch = (fetch: FetchFunction) => serveHandlers(fetchHandler(fetch));

  test("has its light Response sent like the platform's", async () => {
    const answers = [];
    for (const R of [Response, platform.Response]) {
      const { visit } = await serveFetch(() => {
        const response = new R("text", {
          status: 201,
          headers: [
            ["Set-Cookie", "a=1"],
            ["Connection", "close"],
          ],
        });
        response.headers.append("Set-Cookie", "b=2");
        return response;
      });
      const { status, text, headers } = await visit("/");
      answers.push({ status, text, headers: headers.toArray() });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test.each<[string, () => Response]>([
    ["would inject a field", () => new Response("", { headers: { "X-A": "a\r\nSet-Cookie: x=1" } })],
    ["has the Web server send a file", () => new Response("", { headers: { "X-Accel-Redirect": "/x" } })],
  ])("is answered with 500 if its light Response %s", async (_name, fetch) => {
    const { visit, log } = await serveFetch(fetch);
    const answer = await visit("/");
    expect([answer.status, answer.headers.has("set-cookie")]).toEqual([500, false]);
    expect(log.some(({ level }) => level === 50)).toBe(true);
  });

  test("has the stream of a Response cancelled if it cannot be sent", async () => {
    const cancelled = deferred();
    const { visit } = await serveFetch(() => {
      const stream = new ReadableStream({ cancel: () => cancelled.resolve() });
      return new Response(stream, { headers: { Status: "200" } });
    });
    expect((await visit("/")).status).toBe(500);
    await cancelled.promise;
  });

  test("is answered with 500 if the body of its Response was already read", async () => {
    const { visit } = await serveFetch(async () => {
      const response = new Response("x");
      await response.text();
      return response;
    });
    expect((await visit("/")).status).toBe(500);
  });

  test("can make a Request of its request, whole or with other parts", async () => {
    const { visit } = await serveFetch(async (request) => {
      const whole = new Request(request);
      const parts = [whole.method, whole.url, whole.headers.get("x-a"), await whole.text()];
      const other = new Request(request, { method: "PUT", headers: { "x-a": "2" }, body: "other" });
      return Response.json([...parts, other.method, other.headers.get("x-a"), await other.text()]);
    });
    expect((await visit("/x", { body: "body", headers: { "X-A": "1" } })).json()).toEqual([
      "POST",
      "http://localhost/x",
      "1",
      "body",
      "PUT",
      "2",
      "other",
    ]);
    const made = new Request("http://a.example/");
    expect([made instanceof Request, made instanceof platform.Request, made.url]).toEqual([
      true,
      true,
      "http://a.example/",
    ]);
  });

  test("of Hono limits a body without an announced length", async () => {
    const app = new Hono();
    app.post("/", bodyLimit({ maxSize: 10 }), async (context) => context.text(await context.req.text()));
    const { visit } = await serveFetch(app.fetch);
    const params = { CONTENT_LENGTH: "", HTTP_TRANSFER_ENCODING: "chunked" };
    expect((await visit("/", { body: "0123456789", params })).text).toBe("0123456789");
    expect((await visit("/", { body: "0123456789a", params })).status).toBe(413);
  });
});
