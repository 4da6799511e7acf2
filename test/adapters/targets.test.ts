import express from "express";
import { Hono } from "hono";
import Koa from "koa";
import { deny } from "tricorn";
import { fetchHandler, nodeListener } from "tricorn/adapters";
import { describe, expect, test } from "vitest";

import type { ResponderDefinition } from "../../src/roles/definitions.js";
import { gate } from "../support/gates.js";
import { get } from "../support/records.js";
import { serveDefinitions } from "../support/served.js";

const SECRET = "secret";

/** Applications with a route at /admin that return the path for all others. */
const applications: Readonly<Record<string, () => ResponderDefinition>> = {
  Express: () => {
    const app = express();
    app.get("/admin", (_request, response) => void response.send(SECRET));
    app.use((request, response) => void response.send(request.url));
    return nodeListener(app);
  },
  Koa: () => {
    const app = new Koa();
    app.use((context) => {
      context.body = context.path === "/admin" ? SECRET : context.url;
    });
    return nodeListener(app.callback());
  },
  Hono: () => {
    const app = new Hono();
    app.get("/admin", (context) => context.text(SECRET));
    app.get("*", (context) => context.text(new URL(context.req.url).pathname));
    return fetchHandler(app.fetch);
  },
};

describe.each(Object.entries(applications))("An authorizer of /admin before %s", (_name, application) => {
  test.each([
    ["a no-break space", "/admin\u00a0", "/admin%C2%A0"],
    ["a byte order mark", "/admin\ufeff", "/admin%EF%BB%BF"],
    ["a character beyond 16 bits", "/admin\u{1f512}", "/admin%F0%9F%94%92"],
    ["a blank", "/admin ", "/admin%20"],
    ["a tab", "/admin\t", "/admin%09"],
    ["a tab in the middle", "/ad\tmin", "/ad%09min"],
    ["a line feed in the middle", "/ad\nmin", "/ad%0Amin"],
    ["a control character", "/admin\u0001", "/admin%01"],
  ])("is not bypassed with %s", async (_what, target, path) => {
    const { connect } = await serveDefinitions([gate(() => deny(403), "/admin"), application()], {
      listener: { bridges: { authorizer: { inProcess: true } } },
    });
    const peer = await connect();
    expect((await peer.send(get(1, "/admin")).answer(1)).status).toBe(403);
    // Another path to the authorizer, and so to the application.
    expect((await peer.send(get(2, target)).answer(2)).text).toBe(path);
  });
});
