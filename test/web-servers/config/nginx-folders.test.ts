import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import {
  Authorizer,
  Filter,
  createApplication,
  createContainer,
  deny,
  serve,
  type ControllerClass,
  type FilterRequest,
} from "tricorn";

import { WebServer } from "../../support/web-servers/web-server.js";
import { library, started, textOf } from "../../config/support.js";

@Filter("*.md", { type: "text/plain; charset=utf-8" })
class Pages {
  async filter({ data }: FilterRequest): Promise<string> {
    return `made of ${await text(data)}`;
  }
}

@Authorizer("*.md")
class Gate {
  authorize() {
    return deny();
  }
}

/** The replacement for 403 in each location, of a configuration of the whole library. */
function pagesOf(mount: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  for (const line of textOf("nginx", { root: "/srv", mount }, library).split("\n")) {
    const here = line.trim();
    if (here.endsWith("{")) open.push(here);
    else if (here === "}") open.pop();
    else if (here.startsWith("error_page 403")) found.push(`${open.length} ${here}`);
  }
  return found;
}

/** nginx in front of controllers, with folders whose index is a file that is filtered. */
async function front(...controllers: ControllerClass[]): Promise<(path: string) => Promise<string>> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "tricorn-folders-")));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const name of ["hats", "empty"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "hats/index.md"), "canary");
  const application = createApplication({ controllers, container: createContainer() });
  const filter = { root, index: "index.md" };
  const served = await serve(application, 0, { signals: false, bridges: { filter } });
  onTestFinished(() => served.close());
  const { description } = application;
  const server = await WebServer.start(
    started("nginx", { deployment: { root, listen: served.address }, description }),
  );
  onTestFinished(() => server.stop());
  return async (path) => {
    const answer = await fetch(`${server.url}${path}`, { redirect: "manual" });
    return `${answer.status} ${await answer.text()}`;
  };
}

test("a folder without an index file reaches the application, unless an authorizer is asked there", () => {
  // In a location of the server itself; the question to an authorizer uses one too, but leads elsewhere.
  expect(pagesOf("").sort()).toEqual(["3 error_page 403 = @application;", "3 error_page 403 @tricorn_403;"]);
  // The location of the mount has the protected one inside, which replaces what it would inherit.
  expect(pagesOf("/app").sort()).toEqual([
    "3 error_page 403 = @application;",
    "4 error_page 403 @tricorn_403;",
  ]);
});

test("behind nginx the index of a folder may be filtered", async () => {
  const get = await front(Pages);
  expect(await get("/hats/")).toBe("200 made of canary");
  expect(await get("/empty/")).toMatch(/^404 .*There is no such file/);
});

test("behind nginx a denied index is not shown for its folder", async () => {
  const get = await front(Pages, Gate);
  for (const path of ["/hats/", "/hats/index.md", "/hats//", "/hats/.", "/hats/./index.md"]) {
    const answer = await get(path);
    expect(answer, path).toMatch(/^403 /);
    expect(answer, path).not.toContain("canary");
  }
});
