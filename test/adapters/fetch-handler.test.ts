import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { deleteCookie, setCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { streamSSE } from "hono/streaming";
import { reply, type Next, type ResponderRequest } from "tricorn";
import { fetchHandler, type FetchFunction, type FetchHandlerOptions } from "tricorn/adapters";
import { describe, expect, test } from "vitest";
import { gunzipSync } from "node:zlib";

import { deferred, responder, turns } from "../support/served.js";
import { fieldsOf, mebibytes, serveHandlers } from "./support.js";

const broken = (): never => {
  throw new Error("broken");
};

/** A stream of one piece, whose next pull calls a function that throws. */
function pieceOf(text: string, pull: () => never): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(text)), pull });
}

const serveFetch = (fetch: FetchFunction, options?: FetchHandlerOptions) =>
  serveHandlers(fetchHandler(fetch, options));

/** A stream with these pieces, and its end. */
function ready(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece));
      controller.close();
    },
  });
}

/** A handler's result for one request. */
async function seenOf<T>(
  look: (request: Request, own: ResponderRequest) => T | Promise<T>,
  ...visit: Parameters<Awaited<ReturnType<typeof serveFetch>>["visit"]>
): Promise<T> {
  const seen = deferred<T>();
  const server = await serveFetch(async (request, own) => {
    await Promise.resolve(look(request, own)).then(seen.resolve, seen.reject);
    return new Response();
  });
  const [result] = await Promise.all([seen.promise, server.visit(...visit)]);
  return result;
}

describe("The request of a fetch handler", () => {
  test("is a Request with the URL that the client requested", async () => {
    const look = (request: Request, own: ResponderRequest) => ({
      isRequest: request instanceof Request,
      tag: Object.prototype.toString.call(request),
      method: request.method,
      url: request.url,
      agent: request.headers.get("User-Agent"),
      cookie: request.headers.get("cookie"),
      mode: request.mode,
      own: own.remoteAddress,
      aborted: request.signal.aborted,
      body: request.body,
    });
    const seen = await seenOf(look, "/a/../b?q=%20#", {
      headers: { Host: "Example.org:8080", "User-Agent": "caf\u00e9", Cookie: "a=b" },
      params: { HTTPS: "on", REMOTE_ADDR: "192.0.2.7" },
    });
    expect(seen).toEqual({
      isRequest: true,
      tag: "[object Request]",
      method: "GET",
      url: "https://example.org:8080/b?q=%20",
      agent: "caf\u00c3\u00a9",
      cookie: "a=b",
      mode: "cors",
      own: "192.0.2.7",
      aborted: false,
      body: null,
    });
  });

  test.each([
    ["//evil.example/x", "http://localhost/evil.example/x"],
    ["/\\evil.example", "http://localhost/%5Cevil.example"],
    ["http://other.example/x", "http://other.example/x"],
    ['/a b"<>`', "http://localhost/a%20b%22%3C%3E%60"],
    ["/\u00e9", "http://localhost/%C3%A9"],
  ])("sent to %j never names another host: %s", async (target, url) => {
    expect(await seenOf((request) => request.url, target)).toBe(url);
  });

  test("has a default host if the client names no valid one", async () => {
    const params = { HTTP_HOST: "a b/c", SERVER_NAME: "" };
    expect(await seenOf((request) => request.url, "/x", { params })).toBe("http://localhost/x");
  });

  test("has no field that an HTTP client could not send", async () => {
    const params = { HTTP_X_A: "a\r\nb", "HTTP_X:": "1", HTTP_PROXY: "http://evil", HTTP_X_B: "b" };
    expect(await seenOf((request) => [...request.headers], "/", { params })).toEqual([
      ["host", "localhost"],
      ["x-b", "b"],
    ]);
  });

  test.each<[string, (request: Request) => unknown, unknown]>([
    ["text", (request) => request.text(), '{"a":"\u00e9"}'],
    ["JSON", (request) => request.json(), { a: "\u00e9" }],
    ["an ArrayBuffer", async (request) => (await request.arrayBuffer()).byteLength, 10],
    ["a Blob", async (request) => (await request.blob()).size, 10],
    [
      "a stream",
      async (request) => {
        let bytes = 0;
        for await (const piece of request.body!) bytes += piece.length;
        return [bytes, request.bodyUsed];
      },
      [10, true],
    ],
    [
      "text behind a look at the stream",
      async (request) => [request.body !== null, request.bodyUsed, await request.text(), request.bodyUsed],
      [true, false, '{"a":"\u00e9"}', true],
    ],
    [
      "a clone, and once more",
      async (request) => [await request.clone().json(), await request.json()],
      [{ a: "\u00e9" }, { a: "\u00e9" }],
    ],
    [
      "a Request that takes it over",
      (request) => new Request("http://other.example/", request).json(),
      { a: "\u00e9" },
    ],
  ])("has its body as %s", async (_name, look, expected) => {
    expect(await seenOf(look, "/", { body: { a: "\u00e9" } })).toEqual(expected);
  });

  test("has its body as form data", async () => {
    const body = new FormData();
    body.append("title", "Emma");
    body.append("file", new File(["text"], "emma.txt"));
    const seen = await seenOf(
      async (request) => {
        const form = await request.formData();
        return [form.get("title"), await (form.get("file") as File).text()];
      },
      "/",
      { body },
    );
    expect(seen).toEqual(["Emma", "text"]);
  });

  test("gives its body once", async () => {
    const look = async (request: Request) => {
      await request.text();
      return [request.bodyUsed, await request.text().catch((error: unknown) => error instanceof TypeError)];
    };
    expect(await seenOf(look, "/", { body: "abc" })).toEqual([true, true]);
  });

  test("does not repeat the body in an error", async () => {
    const body = "secret";
    const error = await seenOf((request) => request.json().catch((error: unknown) => error), "/", { body });
    expect(error).toBeInstanceOf(SyntaxError);
    expect(String(error)).not.toContain("secret");
  });

  test.each<[string, (request: Request) => unknown]>([
    ["text", (request) => request.text()],
    ["a stream's text", (request) => request.body && request.text()],
    ["a form", (request) => request.formData()],
    ["a clone's text", (request) => request.clone().text()],
  ])("is answered with 413 if more is collected as %s than the limit allows", async (_name, read) => {
    const { visit } = await serveFetch(
      async (request) => {
        await read(request);
        return new Response("read");
      },
      { bodyBytes: 1000 },
    );
    const params = { CONTENT_TYPE: "application/x-www-form-urlencoded" };
    expect((await visit("/", { body: "x".repeat(1000), params })).text).toBe("read");
    expect((await visit("/", { body: "x".repeat(1001), params })).status).toBe(413);
  });

  test("is aborted when the Web server aborts it", async () => {
    const [began, aborted] = [deferred(), deferred()];
    const { open } = await serveFetch(async (request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      began.resolve();
      await aborted.promise;
      return new Response("late");
    });
    const controller = new AbortController();
    const answer = open("/", { signal: controller.signal });
    await began.promise;
    controller.abort(new Error("gone"));
    await expect(answer).rejects.toThrow("gone");
    await aborted.promise;
  });
});

describe("The Response of a fetch handler", () => {
  test("is sent with its status and fields, with separate Set-Cookie fields and no connection fields", async () => {
    const { visit } = await serveFetch(() => {
      const headers = new Headers({
        "X-A": "caf\u00c3\u00a9",
        Connection: "close, X-Listed",
        "X-Listed": "1",
        "Transfer-Encoding": "chunked",
      });
      headers.append("Set-Cookie", "a=1");
      headers.append("Set-Cookie", "b=2");
      return new Response("text", { status: 201, headers });
    });
    const answer = await visit("/");
    expect([answer.status, answer.text]).toEqual([201, "text"]);
    expect(answer.headers.toArray()).toEqual([
      ["Content-Length", "4"],
      ["content-type", "text/plain;charset=UTF-8"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-a", "caf\u00c3\u00a9"],
    ]);
  });

  test.each<[string, () => Response, string]>([
    ["bytes", () => new Response(Buffer.from("abc")), "abc"],
    ["nothing", () => new Response(), ""],
    ["a stream that is there at once", () => new Response(ready("abc")), "abc"],
    ["an empty stream", () => new Response(ready()), ""],
  ])("of %s is sent with its length, and without an invented type", async (_name, response, text) => {
    const { visit } = await serveFetch(response);
    const answer = await visit("/");
    expect([answer.text, fieldsOf(answer)]).toEqual([text, { "content-length": String(text.length) }]);
  });

  test("of a stream in two pieces is sent without a length", async () => {
    const { visit } = await serveFetch(() => new Response(ready("abc", "def")));
    const answer = await visit("/");
    expect([answer.text, fieldsOf(answer)]).toEqual(["abcdef", {}]);
  });

  test("streams: its head is sent at once, then pieces as fast as they are read", async () => {
    const go = deferred();
    const made = { pieces: 0 };
    const { open } = await serveFetch(() => {
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (made.pieces === 0) await go.promise;
          if (made.pieces === 160) controller.close();
          else controller.enqueue(Buffer.alloc(64 * 1024));
          made.pieces += 1;
        },
      });
      return new Response(stream, { status: 202 });
    });
    const answer = await open("/");
    expect([answer.status, made.pieces]).toEqual([202, 0]);
    go.resolve();
    for (let before = -1; before !== made.pieces; await turns(50)) before = made.pieces;
    expect(made.pieces).toBeLessThan(64);
    expect((await answer.bytes()).length).toBe(10 * 1024 * 1024);
  });

  test("of a request's bytes has these only, also if its stream was looked at", async () => {
    const { visit } = await serveFetch(async (request) => {
      const { locked } = request.body!;
      return new Response(await request.arrayBuffer(), { headers: { "X-Locked": String(locked) } });
    });
    expect((await visit("/", { method: "POST", body: "abc" })).text).toBe("abc");
  });

  describe("that returns the body of its request", () => {
    const body = Buffer.alloc(300 * 1024, "0123456789");

    test("passes it on as it is once a part has arrived", async () => {
      const bodies: unknown[] = [];
      const handler = fetchHandler(async (request, { exchange }) => {
        bodies.push(request.body);
        while (exchange.stdin.buffered === 0) await turns(1);
        return new Response(request.body);
      });
      const keepBody = async (_request: unknown, next: Next) => {
        const answer = await next();
        bodies.push(answer.body);
        return answer;
      };
      const routes = handler.routes.map((route) => ({ ...route, middleware: [keepBody] }));
      const { visit } = await serveHandlers({ ...handler, routes });
      const answer = await visit("/", { method: "POST", body });
      expect(answer.bytes.equals(body)).toBe(true);
      expect(bodies[1]).toBe(bodies[0]);
    });

    test("sends the head before any of it has arrived", async () => {
      const go = deferred();
      async function* stdin() {
        await go.promise;
        yield body;
      }
      const { open } = await serveFetch((request) => new Response(request.body, { status: 202 }));
      const answer = await open("/", { method: "POST", stdin: stdin() });
      expect(answer.status).toBe(202);
      go.resolve();
      expect(Buffer.from(await answer.bytes()).equals(body)).toBe(true);
    });

    test("sends its length if all of it has arrived", async () => {
      const { visit } = await serveFetch(async (request, { exchange }) => {
        while (!exchange.stdinEnded) await turns(1);
        return new Response(request.body);
      });
      const answer = await visit("/", { method: "POST", body: "abc" });
      expect([answer.text, answer.headers.get("content-length")]).toEqual(["abc", "3"]);
    });
  });

  test("is aborted and logged if its stream fails", async () => {
    const { open, log } = await serveFetch(() => {
      const stream = new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from("abc"));
          await turns(5);
          controller.error(new Error("broken"));
        },
      });
      return new Response(stream);
    });
    await expect((await open("/")).text()).rejects.toMatchObject({ name: "ClientError" });
    expect(log.find(({ level }) => level === 50)?.err?.message).toBe("broken");
  });

  test("has its stream cancelled if its reader leaves", async () => {
    const cancelled = deferred();
    const { open } = await serveFetch(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(Buffer.alloc(64 * 1024)),
            cancel: () => cancelled.resolve(),
          }),
        ),
    );
    await (await open("/")).body.cancel();
    await cancelled.promise;
  });

  test.each<[string, FetchFunction]>([
    ["throws", broken],
    ["rejects", () => Promise.reject(new Error("broken"))],
    ["gives no Response", () => "text" as never],
    ["gives nothing", () => undefined as never],
    ["gives an error of the network", () => Response.error()],
    ["has the Web server send a file", () => new Response("", { headers: { "X-Sendfile": "/etc/passwd" } })],
    ["gives a stream that has failed", () => new Response(new ReadableStream({ pull: broken }))],
    ["returns a stream that fails after its first piece", () => new Response(pieceOf("abc", broken))],
    ["announces another length", () => new Response("abc", { headers: { "Content-Length": "4" } })],
  ])("is a 500 and a log line if the handler %s", async (_name, fetch) => {
    const { visit, log } = await serveFetch(fetch);
    expect([(await visit("/")).status, log.filter(({ level }) => level === 50).length]).toEqual([500, 1]);
  });
});

describe("A Hono application", () => {
  const app = new Hono<{ Bindings: ResponderRequest }>();
  app.use("/cors/*", cors());
  app.use("/compressed", compress({ threshold: 0 }));
  app.get("/books/:id", (context) => {
    setCookie(context, "a", "1");
    deleteCookie(context, "b");
    return context.json({ id: context.req.param("id"), q: context.req.query("q"), user: context.env.user });
  });
  app.get("/cors/x", (context) => context.text("shared"));
  app.get("/compressed", (context) => context.text("x".repeat(5000)));
  app.get("/old", (context) => context.redirect("/books/1"));
  app.get("/boom", () => {
    throw new Error("boom");
  });
  app.post("/json", async (context) => context.json(await context.req.json()));
  app.post("/form", async (context) => context.json(await context.req.parseBody()));
  app.post("/limited", bodyLimit({ maxSize: 10 }), async (context) => context.text(await context.req.text()));
  app.post("/length", async (context) => {
    let bytes = 0;
    for await (const piece of context.req.raw.body!) bytes += piece.length;
    return context.text(String(bytes));
  });
  app.get("/events", (context) =>
    streamSSE(context, async (stream) => {
      await stream.writeSSE({ data: "one" });
      await turns(1);
      await stream.writeSSE({ data: "two" });
    }),
  );
  app.onError((error, context) =>
    "getResponse" in error ? error.getResponse() : context.text(error.message, 500),
  );

  const serveHono = () =>
    serveHandlers([responder({ "GET /own": () => "own" }), fetchHandler(app.fetch)], {
      listener: { vouchesFor: ["REMOTE_USER"] },
    });

  test("routes, redirects, sets cookies, answers HEAD and reads the user", async () => {
    const { visit } = await serveHono();
    const answer = await visit("/books/7?q=x", { params: { REMOTE_USER: "ada" } });
    expect(answer.json()).toEqual({ id: "7", q: "x", user: "ada" });
    expect(answer.headers.getAll("Set-Cookie")).toEqual(["a=1; Path=/", "b=; Max-Age=0; Path=/"]);
    const head = await visit("/books/7", { method: "HEAD" });
    expect([head.status, head.text, head.headers.get("content-type")]).toEqual([200, "", "application/json"]);
    const moved = await visit("/old");
    expect([moved.status, moved.headers.get("Location")]).toEqual([302, "/books/1"]);
    expect((await visit("/none")).status).toBe(404);
    expect((await visit("/own")).text).toBe("own");
  });

  test("reads bodies, and refuses those above its limits", async () => {
    const { visit } = await serveHono();
    expect((await visit("/json", { body: { a: 1 } })).json()).toEqual({ a: 1 });
    expect((await visit("/form", { body: new URLSearchParams({ a: "1" }) })).json()).toEqual({ a: "1" });
    expect((await visit("/limited", { body: "0123456789" })).text).toBe("0123456789");
    expect((await visit("/limited", { body: "0123456789a" })).status).toBe(413);
    const large = { body: "x".repeat(2 * 1024 * 1024), headers: { "Content-Type": "application/json" } };
    expect((await visit("/json", large)).status).toBe(413);
    expect((await visit("/length", { method: "POST", stdin: mebibytes(10) })).text).toBe(
      String(10 * 1024 * 1024),
    );
  });

  test("runs its middleware: CORS, compression, server-sent events, its own errors", async () => {
    const { visit } = await serveHono();
    expect((await visit("/cors/x")).headers.get("Access-Control-Allow-Origin")).toBe("*");
    const preflight = await visit("/cors/x", {
      method: "OPTIONS",
      headers: { Origin: "http://a.example", "Access-Control-Request-Method": "GET" },
    });
    expect([preflight.status, preflight.text]).toEqual([204, ""]);
    const compressed = await visit("/compressed", { headers: { "Accept-Encoding": "gzip" } });
    expect(fieldsOf(compressed)["content-encoding"]).toBe("gzip");
    expect(gunzipSync(compressed.bytes).toString()).toBe("x".repeat(5000));
    expect((await visit("/events")).text).toBe("data: one\n\ndata: two\n\n");
    const boom = await visit("/boom");
    expect([boom.status, boom.text]).toEqual([500, "boom"]);
  });
});

describe("Middleware around a fetch handler", () => {
  test.each([404, 700])("may extend its answer, and keeps status %i", async (status) => {
    const foreign = {
      status,
      statusText: "Own",
      headers: new Headers({ "X-A": "1" }),
      body: null,
      bodyUsed: false,
    };
    const handler = fetchHandler(() => foreign as Response);
    const routes = handler.routes.map((route) => ({
      ...route,
      middleware: [async (_request: unknown, next: Next) => reply(await next(), { headers: { "X-B": "2" } })],
    }));
    const { visit } = await serveHandlers({ ...handler, routes });
    const answer = await visit("/");
    expect([answer.status, answer.headers.get("X-A"), answer.headers.get("X-B")]).toEqual([status, "1", "2"]);
  });
});
