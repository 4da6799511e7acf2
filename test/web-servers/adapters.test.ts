import express from "express";
import { Hono } from "hono";
import { connect } from "node:net";
import { createContainer, createApplication, serve } from "tricorn";
import { fetchHandler, nodeListener } from "tricorn/adapters";
import { expect, onTestFinished, test } from "vitest";

import { deferred, temporaryFolder } from "../support/served.js";
import { nginx } from "../support/web-servers/nginx.js";
import { webServerGroup } from "../support/web-servers/served-application.js";
import { WebServer } from "../support/web-servers/web-server.js";

/** The answers of an Express and a Hono application behind nginx, with the params of Debian's package. */
async function behindNginx(app: express.Express, hono: Hono): Promise<string> {
  const socket = `${temporaryFolder()}/app.sock`;
  const definitions = [fetchHandler(hono.fetch, { path: "/hono" }), nodeListener(app)];
  const application = createApplication({ controllers: [], definitions, container: createContainer() });
  const served = await serve(application, socket, {
    signals: false,
    ...(webServerGroup !== undefined && { socketAccess: { group: webServerGroup } }),
    timeouts: { shutdown: 0 },
  });
  onTestFinished(() => served.close());
  const server = await WebServer.start(
    nginx(() => ({
      server: `location / { fastcgi_pass unix:${socket}; fastcgi_buffering off; fastcgi_request_buffering off; }`,
    })),
  );
  onTestFinished(() => server.stop());
  return server.url;
}

test("Behind nginx an Express and a Hono application read and answer what clients send", async () => {
  const app = express();
  app.post("/length", express.raw({ type: () => true, limit: "20mb" }), (request, response) => {
    response.send(`${(request.body as Buffer).length} ${request.hostname} ${request.protocol} ${request.ip}`);
  });
  app.get("/cookies", (_request, response) => response.cookie("a", "1").cookie("b", "2").status(404).end());
  const hono = new Hono();
  // Collected first: nginx sends no more of a body once the answer to it has begun.
  hono.post("/hono/echo", async (context) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of context.req.raw.body!) pieces.push(piece);
    return new Response(new Blob(pieces).stream());
  });
  hono.get("/hono/url", (context) => context.text(context.req.url));
  const url = await behindNginx(app, hono);

  const bytes = Buffer.alloc(10 * 1024 * 1024, "x");
  const length = await fetch(`${url}/length`, { method: "POST", body: bytes });
  expect(await length.text()).toBe(`${bytes.length} 127.0.0.1 http 127.0.0.1`);
  const chunked = await fetch(`${url}/length`, {
    method: "POST",
    body: new Blob([bytes]).stream(),
    duplex: "half",
  });
  expect((await chunked.text()).split(" ")[0]).toBe(String(bytes.length));
  const cookies = await fetch(`${url}/cookies`);
  expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([404, ["a=1; Path=/", "b=2; Path=/"]]);
  expect((await fetch(`${url}/cookies`, { method: "HEAD" })).status).toBe(404);

  const echo = await fetch(`${url}/hono/echo`, { method: "POST", body: bytes });
  expect(Buffer.from(await echo.arrayBuffer()).equals(bytes)).toBe(true);
  // The stock parameters have the host without its port.
  expect(await (await fetch(`${url}/hono/url?q=%20`)).text()).toBe("http://127.0.0.1/hono/url?q=%20");
});

test("Behind nginx a response is closed when its client leaves", async () => {
  const [began, closed] = [deferred(), deferred<boolean>()];
  const app = express();
  app.get("/events", (_request, response) => {
    response.type("text/event-stream").flushHeaders();
    const timer = setInterval(() => response.write("data: tick\n\n"), 5);
    response.on("close", () => {
      clearInterval(timer);
      closed.resolve(response.writableFinished);
    });
    began.resolve();
  });
  const url = new URL(await behindNginx(app, new Hono()));
  const client = connect(Number(url.port), url.hostname);
  client.write("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  client.destroy();
  expect(await closed.promise).toBe(false);
});
