import { request } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { createApplication, createContainer, deny, serve } from "tricorn";
import { nodeListener } from "tricorn/adapters";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { gate } from "../../support/gates.js";
import { capturedLog } from "../../support/served.js";
import { configurationFor, generated } from "../../support/web-servers/generated.js";
import { WebServer } from "../../support/web-servers/web-server.js";

const CANARY = "The canary sings";
const PROTECTED = ["/keys/**", "/staff", "/admin", "/file/*"];

/** A router that accepts more spellings for its routes than declared. */
async function folding(): Promise<FastifyInstance> {
  const app = Fastify({ caseSensitive: false, ignoreTrailingSlash: true, useSemicolonDelimiter: true });
  for (const path of ["/keys/x", "/staff", "/admin", "/file/x", "/open"]) app.get(path, () => CANARY);
  await app.ready();
  return app;
}

/** Sends a raw target. */
function visit(url: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => (body += piece));
      response.on("end", () => resolve({ status: response.statusCode!, body }));
    })
      .on("error", reject)
      .end();
  });
}

describe.each(["nginx", "caddy", "lighttpd", "apache", "haproxy"] as const)(
  "a router that ignores case and cuts at ; with the configuration of %s",
  (server) => {
    let web: WebServer;
    let app: FastifyInstance;
    let close: () => Promise<void>;
    beforeAll(async () => {
      app = await folding();
      const definitions = [nodeListener(app.routing), gate(() => deny(), ...PROTECTED)].flat();
      const { log } = capturedLog();
      const application = createApplication({
        controllers: [],
        definitions,
        log,
        container: createContainer(),
      });
      const options = { server, description: application.description } as const;
      const { needs } = configurationFor(
        { ...options, address: "127.0.0.1:9000" },
        { port: 8080, folder: "/srv" },
      );
      const served = await serve(application, "127.0.0.1:0", { signals: false, ...needs });
      close = () => served.close();
      web = await WebServer.start(generated({ ...options, address: served.address }));
    });
    afterAll(async () => {
      await web?.stop();
      await close?.();
      await app?.close();
    });

    test("answers unprotected paths, in each spelling", async () => {
      for (const path of ["/open", "/OPEN", "/open;/x"]) {
        expect([path, (await visit(web.url, path)).body]).toEqual([path, CANARY]);
      }
    });

    test.each([
      "/keys/x",
      "/KEYS/X",
      "/%E2%84%AAeys/x",
      "/keys/x;y",
      "/keys;/x",
      "/STAFF",
      "/%C5%BFtaff",
      "/%EF%AC%86aff",
      "/sta%EF%AC%80",
      "/admin",
      "/admin/",
      "/admin;",
      "/admin;/x",
      "/admin;x/../y",
      "/ADMIN;/x",
      "/admin%3B/x",
      "/%61dmin;x=/../x",
      "//admin",
      "/x/..;/admin",
      "/;/admin",
      "/f%C4%B1le/x",
      "/f%C4%B0le/x",
      "/%EF%AC%81le/x",
      "/%2561dmin",
      "/admin%5C",
      "/adm%C0%AFin",
    ])("does not answer %s, which was not allowed", async (path) => {
      const { status, body } = await visit(web.url, path);
      expect(body).not.toContain(CANARY);
      expect(status).toBeGreaterThanOrEqual(400);
    });
  },
);
