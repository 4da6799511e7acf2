import compression from "compression";
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import multer from "multer";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { nodeListener, requestOf } from "tricorn/adapters";
import { describe, expect, test } from "vitest";

import { temporaryFolder } from "../support/served.js";
import { fieldsOf, mebibytes, serveHandlers } from "./support.js";

const serveExpress = (app: express.Express) => serveHandlers(nodeListener(app));

describe("An Express application", () => {
  test("routes, redirects, sets cookies and answers HEAD and conditional requests", async () => {
    const app = express();
    app.get("/books/:id", (request, response) => {
      response.cookie("seen", request.params["id"], { httpOnly: true });
      response.cookie("twice", "yes");
      response.json({
        id: request.params["id"],
        query: request.query,
        ip: request.ip,
        url: request.originalUrl,
      });
    });
    app.get("/old", (_request, response) => response.redirect(301, "/books/1"));
    const { visit } = await serveExpress(app);

    const answer = await visit("/books/7?q=a&q=b", { params: { REMOTE_ADDR: "192.0.2.7" } });
    expect(answer.json()).toEqual({
      id: "7",
      query: { q: ["a", "b"] },
      ip: "192.0.2.7",
      url: "/books/7?q=a&q=b",
    });
    expect(answer.headers.getAll("Set-Cookie")).toEqual(["seen=7; Path=/; HttpOnly", "twice=yes; Path=/"]);

    const fields = fieldsOf(answer);
    expect(fields["content-length"]).toBe(String(answer.bytes.length));
    const head = await visit("/books/7?q=a&q=b", { method: "HEAD", params: { REMOTE_ADDR: "192.0.2.7" } });
    expect([head.text, fieldsOf(head)]).toEqual(["", fields]);
    const again = await visit("/books/7?q=a&q=b", {
      headers: { "If-None-Match": fields["etag"]! },
      params: { REMOTE_ADDR: "192.0.2.7" },
    });
    expect([again.status, again.text, again.headers.get("content-length")]).toEqual([304, "", undefined]);

    const moved = await visit("/old");
    expect([moved.status, moved.headers.get("Location")]).toEqual([301, "/books/1"]);
    const none = await visit("/none");
    expect([none.status, none.text.includes("Cannot GET /none")]).toEqual([404, true]);
  });

  test("reads JSON, forms and uploads, and refuses bodies above its limits", async () => {
    const app = express();
    const upload = multer({ storage: multer.memoryStorage() });
    app.post("/json", express.json({ limit: 100 }), (request, response) => response.json(request.body));
    app.post("/form", express.urlencoded(), (request, response) => response.json(request.body));
    app.post("/files", upload.single("file"), (request, response) =>
      response.json({
        name: request.file?.originalname,
        text: request.file?.buffer.toString(),
        ...request.body,
      }),
    );
    app.use(
      (error: Error & { status?: number }, _request: Request, response: Response, next: NextFunction) => {
        if (error.status === undefined) next(error);
        else response.status(error.status).send(error.message);
      },
    );
    const { visit } = await serveExpress(app);

    expect((await visit("/json", { body: { a: [1] } })).json()).toEqual({ a: [1] });
    expect((await visit("/json", { body: { a: "x".repeat(200) } })).status).toBe(413);
    const broken = await visit("/json", { body: "{", headers: { "Content-Type": "application/json" } });
    expect(broken.status).toBe(400);
    const cut = await visit("/json", {
      body: "{}",
      headers: { "Content-Type": "application/json", "Content-Length": "9" },
    });
    expect(cut.status).toBe(400);
    expect((await visit("/form", { body: new URLSearchParams({ a: "1 2" }) })).json()).toEqual({ a: "1 2" });
    const form = new FormData();
    form.append("title", "Emma");
    form.append("file", new File(["text"], "emma.txt"));
    expect((await visit("/files", { body: form })).json()).toEqual({
      name: "emma.txt",
      text: "text",
      title: "Emma",
    });
  });

  test("reads a body without an announced length", async () => {
    const app = express();
    app.post("/", express.text({ limit: "20mb" }), (request, response) =>
      response.send(String((request.body as string).length)),
    );
    const { visit } = await serveExpress(app);
    const told: Record<string, string>[] = [
      { CONTENT_LENGTH: "", HTTP_TRANSFER_ENCODING: "chunked" },
      // Caddy 2.6.
      { CONTENT_LENGTH: "-1" },
    ];
    for (const params of told) {
      const answer = await visit("/", {
        method: "POST",
        stdin: mebibytes(10),
        params: { CONTENT_TYPE: "text/plain", ...params },
      });
      expect(answer.text).toBe(String(10 * 1024 * 1024));
    }
  });

  test.each(["9", "200000"])("sends its error answer when only 7 of %s bytes arrive", async (length) => {
    const app = express();
    app.set("env", "test");
    app.post("/read", express.json(), (_request, response) => void response.end());
    app.post("/unread", () => {
      throw new Error("broken");
    });
    const { visit } = await serveExpress(app);
    const short = { method: "POST", body: '{"a":1}', params: { CONTENT_LENGTH: length } };

    const type = { "Content-Type": "application/json" };
    expect((await visit("/read", { ...short, headers: type })).status).toBe(length === "9" ? 400 : 413);
    expect((await visit("/unread", short)).status).toBe(500);
  });

  test("serves files whole and in ranges, and no file outside its folder", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "public"));
    writeFileSync(join(folder, "secret.txt"), "secret");
    writeFileSync(join(folder, "public", "large.txt"), "0123456789".repeat(1024 * 1024));
    const app = express();
    app.use("/files", express.static(join(folder, "public")));
    const { visit } = await serveExpress(app);

    const whole = await visit("/files/large.txt");
    expect([whole.status, whole.bytes.length]).toEqual([200, 10 * 1024 * 1024]);
    expect(fieldsOf(whole)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(10 * 1024 * 1024),
    });
    const part = await visit("/files/large.txt", { headers: { Range: "bytes=5-14" } });
    expect([part.status, part.text, part.headers.get("Content-Range")]).toEqual([
      206,
      "5678901234",
      `bytes 5-14/${10 * 1024 * 1024}`,
    ]);
    expect((await visit("/files/large.txt", { headers: { Range: "bytes=99999999-" } })).status).toBe(416);
    const head = await visit("/files/large.txt", { method: "HEAD" });
    expect([head.text, head.headers.get("content-length")]).toEqual(["", String(10 * 1024 * 1024)]);
    for (const path of ["/files/../secret.txt", "/files/%2e%2e/secret.txt", "/files/..%2fsecret.txt"])
      expect((await visit(path)).text).not.toBe("secret");
  });

  test("compresses, whole answers and streams", async () => {
    const app = express();
    app.use(compression({ threshold: 0 }));
    app.get("/whole", (_request, response) => response.type("text").send("x".repeat(5000)));
    app.get("/stream", (_request, response) => {
      response.type("text");
      for (let line = 0; line < 20_000; line += 1) response.write(`line ${line}\n`);
      response.end();
    });
    const { visit } = await serveExpress(app);
    const headers = { "Accept-Encoding": "gzip" };
    const whole = await visit("/whole", { headers });
    expect(fieldsOf(whole)).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
    expect(gunzipSync(whole.bytes).toString()).toBe("x".repeat(5000));
    const lines = gunzipSync((await visit("/stream", { headers })).bytes)
      .toString()
      .split("\n");
    expect([lines.length, lines[19_999]]).toEqual([20_001, "line 19999"]);
    expect((await visit("/whole")).text).toBe("x".repeat(5000));
  });

  test("keeps sessions by cookie", async () => {
    const app = express();
    app.use(session({ secret: "s", resave: false, saveUninitialized: true, cookie: { secure: true } }));
    app.get("/", (request, response) => {
      const kept = request.session as typeof request.session & { visits?: number };
      kept.visits = (kept.visits ?? 0) + 1;
      response.send(String(kept.visits));
    });
    const { visit } = await serveExpress(app);
    const params = { HTTPS: "on" };
    const first = await visit("/", { params });
    const cookies = { "connect.sid": first.cookies["connect.sid"]! };
    expect((await visit("/", { params, cookies })).text).toBe("2");
    // A secure cookie is not for whom the Web server says that he came in the clear.
    expect((await visit("/")).headers.has("Set-Cookie")).toBe(false);
  });

  test("answers errors of its handlers, synchronous and asynchronous", async () => {
    const app = express();
    app.get("/sync", () => {
      throw new Error("sync");
    });
    app.get("/async", async () => {
      await Promise.resolve();
      throw new Error("async");
    });
    app.get("/field", (_request, response) => {
      response.set("X-A", "a\r\nSet-Cookie: b=c").send("sent");
    });
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      response.status(500).send(`caught ${error.message.slice(0, 17)}`);
    });
    const { visit } = await serveExpress(app);
    expect((await visit("/sync")).text).toBe("caught sync");
    expect((await visit("/async")).text).toBe("caught async");
    const field = await visit("/field");
    expect([field.text, field.headers.has("Set-Cookie")]).toEqual(["caught Invalid character", false]);
  });

  test("nests applications and routers, and exposes the Tricorn request", async () => {
    const inner = express();
    inner.get("/who", (request, response) => {
      response.json({ base: request.baseUrl, url: request.url, user: requestOf(request)?.user ?? null });
    });
    const app = express();
    app.use("/admin", inner);
    const { visit } = await serveHandlers(nodeListener(app), { listener: { vouchesFor: ["REMOTE_USER"] } });
    const answer = await visit("/admin/who", { params: { REMOTE_USER: "ada" } });
    expect(answer.json()).toEqual({ base: "/admin", url: "/who", user: "ada" });
  });

  test("streams up and down at once", async () => {
    const app = express();
    app.post("/echo", (request, response) => void request.pipe(response));
    const { visit } = await serveExpress(app);
    const { bytes } = await visit("/echo", { method: "POST", stdin: mebibytes(10) });
    const sent: Buffer[] = [];
    for await (const piece of mebibytes(10)) sent.push(piece);
    expect(bytes.equals(Buffer.concat(sent))).toBe(true);
  });
});
