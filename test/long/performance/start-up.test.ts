// What a process loads until it has answered its first request. Files, not times: they are the same on every machine.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { NodeProcess, projectFolder } from "../../support/node-process.js";
import { get } from "../../support/records.js";

const cache = join(projectFolder, "node_modules", ".cache");
mkdirSync(cache, { recursive: true });
/** The package as it is published, below the project so that it finds its dependencies. */
const bundle = mkdtempSync(join(cache, "start-up-"));
/** A socket, and a file for a filter. */
const folder = mkdtempSync(join(realpathSync(tmpdir()), "tricorn-"));

beforeAll(() => {
  writeFileSync(join(folder, "a.txt"), "as it is");
  const { status, stderr } = spawnSync(process.execPath, [join(projectFolder, "scripts/bundle.mjs"), bundle]);
  expect(status, String(stderr)).toBe(0);
});

afterAll(() => {
  for (const one of [bundle, folder]) rmSync(one, { recursive: true, force: true });
});

/** What each kind of application is asked first. Its connection ends behind the answer. */
const requests = {
  plain: get(1, "/", { keep: false }),
  captured: get(1, "/items/1", { keep: false }),
  logged: get(1, "/", { keep: false }),
  cookies: get(1, "/", { keep: false }),
  injected: get(1, "/", { keep: false }),
  schema: get(1, "/items/1", { keep: false }),
  filter: get(1, "/a.txt", { keep: false }),
} as const;

interface Loaded {
  /** The files of this package, by their names in it. */
  readonly own: readonly string[];
  /** The packages that a file was loaded from. */
  readonly packages: ReadonlySet<string>;
  /** What was logged. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** The modules of Node.js. */
  readonly builtIn: readonly string[];
  /** How many files in all. */
  readonly count: number;
  /** What Node.js finds out with what a CommonJS file exports, for those who import it. */
  readonly lexers: readonly string[];
}

/** What is loaded until an application of some kind has answered. */
async function loadedBy(kind: keyof typeof requests, answer: string): Promise<Loaded> {
  const program = join(projectFolder, "test/long/performance/start-up-program.mjs");
  const { href } = pathToFileURL(bundle);
  const args = [program, href, kind, folder, requests[kind].toString("base64")];
  const child = new NodeProcess([process.execPath, ...args]);
  expect(await child.ended, child.errors.join("\n")).toBe(0);
  const found = JSON.parse(child.output[0]!) as { readonly answer: string; readonly loaded: string[] };
  expect(found.answer).toContain("Status: 200 OK\r\n");
  expect(found.answer).toContain(answer);
  const files = found.loaded.filter((url) => url.startsWith("file:"));
  const own = files.filter((url) => url.startsWith(`${href}/`)).map((url) => url.slice(href.length + 1));
  const names = files.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^./][^/]*)\//.exec(url)?.[1] ?? "");
  const packages = new Set(names.filter((name) => name !== ""));
  const lexers = found.loaded.filter((url) => url.includes("cjs-module-lexer"));
  const lines = child.errors.map((line) => JSON.parse(line) as Record<string, unknown>);
  const builtIn = found.loaded.filter((url) => url.startsWith("node:"));
  return { own, packages, lines, builtIn, count: files.length, lexers };
}

describe("a process that has answered a plain request", () => {
  const plain = (): Promise<Loaded> => loadedBy("plain", "Hello");

  test("has loaded no more files than it needs", async () => {
    const loaded = await plain();
    // 4 of this package, where src/ has some 200 for them: each costs half a millisecond before anything in it runs.
    expect(loaded.own.length).toBeLessThanOrEqual(4);
    // Those, the program and reflect-metadata.
    expect(loaded.count).toBeLessThanOrEqual(6);
  });

  test("has loaded no cryptography of Node.js, nor workers and web streams", async () => {
    const loaded = await plain();
    expect(loaded.builtIn).toContain("node:module");
    const rare = /^node:(?:internal\/)?(?:crypto|worker|webstreams|tls|fs\/promises)/;
    expect(loaded.builtIn.filter((url) => rare.test(url))).toEqual([]);
  });

  test("has loaded no package that only some applications need", async () => {
    const loaded = await plain();
    // Schemas, which take 11 MiB; the cache of filtered files; the gateway's files.
    // find-my-way for captured segments; pino for lines with fields; tsyringe for classes with dependencies.
    const rare = ["zod", "lru-cache", "mime-types", "find-my-way", "pino", "tsyringe", "cookie"];
    for (const name of rare) expect(loaded.packages).not.toContain(name);
    // Found are packages at all, and the line of the start was written.
    expect(loaded.packages).toContain("reflect-metadata");
    expect(loaded.lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^Listening on unix:/)]);
  });

  test("has loaded neither the filter bridge nor the client that CGI is answered by", async () => {
    const loaded = await plain();
    const rare = ["filter-bridge", "document-root", "serve-as-cgi", "client", "memory-connection"];
    expect(loaded.own.filter((file) => rare.some((name) => file === `shared/${name}.js`))).toEqual([]);
  });

  test("has required what is CommonJS, not imported it", async () => {
    const loaded = await plain();
    // Where one is imported, this takes as long as all else together.
    expect(loaded.lexers).toEqual([]);
  });
});

test("the first line with fields has them and no secret, although pino is loaded for it", async () => {
  const { lines } = await loadedBy("logged", "logged");
  expect(lines[1]).toMatchObject({ role: "responder", route: "GET /", password: "[Redacted]", msg: "Asked" });
});

test.each([
  ["captured", '{"id":"1"}', "find-my-way"],
  ["logged", "logged", "pino"],
  ["cookies", "cookies: 0", "cookie"],
  ["injected", "Hello, Ada", "tsyringe"],
  ["schema", '{"id":1}', "zod"],
  ["filter", "as it is", "lru-cache"],
] as const)("a process whose application has a %s loads what it needs for it", async (kind, answer, name) => {
  const { packages } = await loadedBy(kind, answer);
  expect(packages).toContain(name);
});
