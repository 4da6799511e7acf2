// Symbolic links below the root of real Web servers, whose configurations are generated.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import type { Deployment } from "../../../src/config/deployment.js";
import type { RouteDescription } from "../../../src/paths/routes-of.js";
import { http } from "../../gateway/support/http.js";
import { temporaryFolder } from "../../support/served.js";
import { freeAddress } from "../../support/web-servers/scene.js";
import { CANARY } from "../../support/web-servers/gate.js";
import { configurationFor, generated } from "../../support/web-servers/generated.js";
import type { ConfiguredServer } from "../../support/web-servers/set-up.js";
import { WebServer } from "../../support/web-servers/web-server.js";

const guarded: RouteDescription = {
  responders: [{ routes: [{ path: "/members/page" }] }],
  authorizers: [{ paths: ["/members/**"] }],
  filters: [],
};
/** Jetty and H2O serve files only if nothing is protected. */
const open: RouteDescription = {
  responders: [{ routes: [{ path: "/page" }] }],
  authorizers: [],
  filters: [],
};

/** Creates a folder of files with links: from the public part into the protected one, and out of it. */
function folderOfLinks(): string {
  const folder = temporaryFolder();
  const root = join(folder, "www");
  mkdirSync(join(root, "members"), { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(join(root, "public.txt"), "public\n");
  writeFileSync(join(root, "members/card.txt"), CANARY);
  writeFileSync(join(folder, "outside.txt"), CANARY);
  symlinkSync("members/card.txt", join(root, "file-in.txt"));
  symlinkSync("members", join(root, "folder-in"));
  symlinkSync("../outside.txt", join(root, "file-out.txt"));
  symlinkSync("..", join(root, "folder-out"));
  return root;
}

async function serving(
  server: ConfiguredServer,
  description: RouteDescription,
  { links, mount = "" }: { readonly links: Deployment["links"]; readonly mount?: string },
): Promise<(path: string) => Promise<string>> {
  // Nothing listens there: each question is a denial.
  const address = await freeAddress("tcp", "");
  const deployment = { links };
  const running = await WebServer.start(
    generated({ server, address, description, root: folderOfLinks(), mount, deployment }),
  );
  onTestFinished(() => running.stop());
  const body = async (path: string): Promise<string> => (await http(running.url, mount + path)).body;
  expect(await body("/public.txt")).toBe("public\n");
  return body;
}

const IN = ["/file-in.txt", "/folder-in/card.txt"];
const OUT = ["/file-out.txt", "/folder-out/outside.txt"];

describe.each([
  ["nginx", guarded, [...IN, ...OUT]],
  ["apache", guarded, [...IN, ...OUT]],
  ["lighttpd", guarded, [...IN, ...OUT]],
  ["lighttpd", open, OUT],
  ["nginx", open, OUT],
  ["jetty", open, OUT],
] as const)("%s", (server, description, links) => {
  test("follows no link", async () => {
    const body = await serving(server, description, { links: "refused" });
    for (const path of links) expect([path, await body(path)]).not.toEqual([path, CANARY]);
  });

  test("follows links if configured", async () => {
    const body = await serving(server, description, { links: "followed" });
    for (const path of links) expect([path, await body(path)]).toEqual([path, CANARY]);
  });
});

test("nginx follows no link below a mount, whose root is an alias", async () => {
  const refusing = await serving("nginx", guarded, { links: "refused", mount: "/app" });
  const following = await serving("nginx", guarded, { links: "followed", mount: "/app" });
  for (const path of [...IN, ...OUT]) {
    expect([path, await refusing(path)]).not.toEqual([path, CANARY]);
    expect([path, await following(path)]).toEqual([path, CANARY]);
  }
});

describe.each([
  ["caddy", guarded, [...IN, ...OUT]],
  ["h2o", open, OUT],
] as const)("%s", (server, description, links) => {
  test("follows links in any configuration, which the configuration mentions", async () => {
    const body = await serving(server, description, { links: "refused" });
    for (const path of links) expect([path, await body(path)]).toEqual([path, CANARY]);
    const notes = (told: Deployment["links"], root: string | undefined) =>
      configurationFor(
        { server, address: "127.0.0.1:9000", description, root, deployment: { links: told } },
        { port: 8080, folder: "/srv" },
      ).notes.filter((note) => note.includes("follows symbolic links"));
    expect(notes("refused", "/srv/www")).toHaveLength(1);
    expect([...notes("followed", "/srv/www"), ...notes("refused", undefined)]).toEqual([]);
  });
});
