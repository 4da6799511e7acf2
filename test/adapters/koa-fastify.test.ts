import Fastify from "fastify";
import Koa from "koa";
import { Readable } from "node:stream";
import { nodeListener } from "tricorn/adapters";
import { describe, expect, test } from "vitest";

import { deferred } from "../support/served.js";
import { fieldsOf, mebibytes, serveHandlers } from "./support.js";

describe("A Koa application", () => {
  test("answers with text, JSON, streams and empty bodies", async () => {
    const app = new Koa();
    app.use((context) => {
      context.cookies.set("a", "1");
      context.cookies.set("b", "2");
      if (context.path === "/json") context.body = { host: context.host, secure: context.secure };
      else if (context.path === "/stream") context.body = Readable.from(mebibytes(10));
      else if (context.path === "/nothing") context.status = 204;
      else context.body = "caf\u00e9";
    });
    const { visit } = await serveHandlers(nodeListener(app.callback()));
    const text = await visit("/");
    expect([text.status, text.text]).toEqual([200, "caf\u00e9"]);
    expect(text.headers.getAll("Set-Cookie")).toEqual(["a=1; path=/; httponly", "b=2; path=/; httponly"]);
    expect(fieldsOf(text)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "5",
    });
    const json = await visit("/json", { params: { HTTPS: "on" } });
    expect(json.json()).toEqual({ host: "localhost", secure: true });
    expect((await visit("/stream")).bytes.length).toBe(10 * 1024 * 1024);
    expect((await visit("/nothing")).status).toBe(204);
    expect((await visit("/", { method: "HEAD" })).headers.get("content-length")).toBe("5");
  });

  test("answers its own errors, and notices a stream that is not read to its end", async () => {
    const app = new Koa();
    const destroyed = deferred();
    app.silent = true;
    app.use((context) => {
      if (context.path === "/teapot") context.throw(418, "short and stout");
      const source = Readable.from(mebibytes(64));
      source.on("close", destroyed.resolve);
      context.body = source;
    });
    const { visit, open } = await serveHandlers(nodeListener(app.callback()));
    const teapot = await visit("/teapot");
    expect([teapot.status, teapot.text]).toEqual([418, "short and stout"]);
    const answer = await open("/");
    await answer.body.cancel();
    await destroyed.promise;
  });
});

describe("A Fastify application", () => {
  test("routes, validates, streams and answers its errors", async () => {
    const app = Fastify();
    app.get(
      "/books/:id",
      { schema: { params: { type: "object", properties: { id: { type: "integer" } } } } },
      (request, reply) => {
        reply.header("Set-Cookie", ["a=1", "b=2"]);
        return { ...(request.params as object), ip: request.ip, protocol: request.protocol };
      },
    );
    app.post("/echo", (request) => request.body);
    app.get("/stream", (_request, reply) => reply.type("text/plain").send(Readable.from(mebibytes(10))));
    app.get("/boom", () => Promise.reject(new Error("boom")));
    await app.ready();
    const { visit } = await serveHandlers(nodeListener(app.routing));

    const answer = await visit("/books/7", { params: { REMOTE_ADDR: "192.0.2.7" } });
    expect(answer.json()).toEqual({ id: 7, ip: "192.0.2.7", protocol: "http" });
    expect(answer.headers.getAll("Set-Cookie")).toEqual(["a=1", "b=2"]);
    expect((await visit("/books/x")).status).toBe(400);
    expect((await visit("/echo", { body: { deep: [1] } })).json()).toEqual({ deep: [1] });
    expect((await visit("/echo", { body: { text: "x".repeat(2 * 1024 * 1024) } })).status).toBe(413);
    expect((await visit("/stream")).bytes.length).toBe(10 * 1024 * 1024);
    expect((await visit("/boom")).json()).toEqual({
      statusCode: 500,
      error: "Internal Server Error",
      message: "boom",
    });
    expect((await visit("/none")).status).toBe(404);
  });
});
