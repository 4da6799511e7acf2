// The two paths to a filter, side by side: the gateway asks in the filter role and, like any Web server, in the
// responder role, in which the application looks up the file.
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  Filter,
  createApplication,
  createContainer,
  reply,
  serve,
  type ControllerClass,
  type FilterRequest,
  type TricornApplication,
} from "tricorn";
import { Gateway, routesOf } from "tricorn/gateway";
import { testApplication } from "tricorn/testing";

import { contentRoot, controllers as library } from "../../../examples/library/application.js";
import { http } from "../../gateway/support/http.js";
import { folderWith } from "../../support/folders.js";
import { temporaryFolder } from "../../support/served.js";

interface Doors {
  readonly native: string;
  readonly bridge: string;
}

function applicationOf(controllers: readonly ControllerClass[]): TricornApplication {
  return createApplication({ controllers, container: createContainer(), log: pino({ level: "silent" }) });
}

/** One application for both paths, with the same files. */
async function openDoors(controllers: readonly ControllerClass[], root: string): Promise<Doors> {
  const application = applicationOf(controllers);
  const listen = join(temporaryFolder(), "app.sock");
  const served = await serve(application, listen, { signals: false, bridges: { filter: { root } } });
  const routes = routesOf(application.description);
  const gateways = [routes, { ...routes, filter: [], respond: ["/"] }].map(
    (routes) => new Gateway({ application: served.address, root, routes, port: 0 }),
  );
  onTestFinished(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await served.close();
  });
  const [native, bridge] = await Promise.all(gateways.map((gateway) => gateway.listen()));
  return { native: native!.url, bridge: bridge!.url };
}

@Filter(["*.txt", "*.html"])
class Seen {
  async filter({ params, path, mount, query, headers, body, data, method }: FilterRequest) {
    let length = 0;
    for await (const piece of data) length += piece.length;
    const rest = { path, mount, method, length, query: Object.fromEntries(query) };
    return reply({
      ...rest,
      headers: headers.toObject(),
      body: await body.text(),
      params: params.toObject(),
    });
  }
}

/** Fields that belong to the other connection. */
const OF_THE_CONNECTION = new Set(["REMOTE_PORT", "SERVER_PORT", "HTTP_HOST", "host"]);

function withoutConnection(text: string): unknown {
  return JSON.parse(text, (name, value: unknown) => (OF_THE_CONNECTION.has(name) ? undefined : value));
}

describe("a filter sees the same through both paths", () => {
  test.each<[string, object]>([
    ["/docs/a%20b.txt?x=1&y", {}],
    ["/docs/", {}],
    ["/link.txt", {}],
    ["/empty.txt", { headers: { "X-Name": "Gr\u00fc\u00dfe", Cookie: "a=b", "If-None-Match": '"x"' } }],
    ["/docs/a%20b.txt", { method: "POST", body: "posted", headers: { "Content-Type": "text/x" } }],
    ["/docs/a%20b.txt", { method: "POST", body: "in pieces", headers: { "Transfer-Encoding": "chunked" } }],
  ])("of %s %j", async (target, request) => {
    const root = folderWith({ "docs/a b.txt": "hello", "docs/index.html": "index", "empty.txt": "" });
    symlinkSync("docs/a b.txt", join(root, "link.txt"));
    const { native, bridge } = await openDoors([Seen], root);
    const [one, other] = await Promise.all([native, bridge].map((url) => http(url, target, request)));
    expect(one!.status).toBe(200);
    expect(other!.status).toBe(200);
    const seen = withoutConnection(one!.body) as { params: Record<string, string> };
    expect(withoutConnection(other!.body)).toEqual(seen);
    expect(seen.params).toMatchObject({
      DOCUMENT_ROOT: root,
      FCGI_DATA_LENGTH: expect.any(String) as string,
    });
  });
});

describe("the library sends the same bytes through both paths", () => {
  const root = fileURLToPath(contentRoot);
  const ada = { Authorization: `Basic ${Buffer.from("ada:lovelace").toString("base64")}` };

  test.each([
    ["/guides/roles.md", {}],
    ["/guides/house-rules.md", {}],
    ["/members/card.html", ada],
    ["/members/welcome.html", ada],
  ])("for %s", async (target, headers) => {
    const { native, bridge } = await openDoors(library, root);
    const [one, other] = await Promise.all([native, bridge].map((url) => http(url, target, { headers })));
    expect(one!.status).toBe(200);
    expect(other!.status).toBe(200);
    expect(other!.bytes.equals(one!.bytes)).toBe(true);
    expect(other!.headers["content-type"]).toBe(one!.headers["content-type"]);
    expect(one!.body).not.toBe(readFileSync(join(root, target), "utf8"));
  });

  test.each(["/guides/none.md", "/guides/.hidden.md", "/members/card.html"])(
    "or refuses %s through both",
    async (target) => {
      const { native, bridge } = await openDoors(library, root);
      const [one, other] = await Promise.all([native, bridge].map((url) => http(url, target)));
      expect(one!.status).toBeGreaterThan(400);
      expect(other!.status).toBe(one!.status);
    },
  );
});

test("An application without a root is asked in the filter role only", async () => {
  const application = await testApplication(applicationOf([Seen]));
  onTestFinished(() => application.close());
  expect((await application.filter("/a.txt", { data: "hello" })).status).toBe(200);
  expect((await application.respond("/a.txt")).status).toBe(500);
});
