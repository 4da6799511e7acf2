import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: object };
const entries = Object.keys(exports).filter((name) => !name.endsWith(".json"));

/** What a program prints that imports Tricorn from its sources. */
async function output(program: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-globals-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  const { stdout } = await run(process.execPath, ["--import", "@oxc-node/core/register", file], {
    cwd: root,
    // The file is outside of the project, so the loader has to be led to the project's `paths`.
    env: { ...process.env, TS_NODE_PROJECT: join(root, "tsconfig.json") },
  });
  return JSON.parse(stdout);
}

test.each(entries)("importing tricorn%s adds nothing to the global object", async (entry) => {
  const program = `
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    await import(${JSON.stringify(entry.replace(/^\./, "tricorn"))});
    const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    console.log(JSON.stringify(added));`;
  // Several copies of Zod share their configuration there.
  const ofZod = new Set(["__zod_globalConfig", "__zod_globalRegistry"]);
  expect(((await output(program)) as string[]).filter((name) => !ofZod.has(name))).toEqual([]);
});

test("importing tricorn leaves the program's global functions unchanged", async () => {
  const program = `
    globalThis.__extends = globalThis.__mine = () => "mine";
    await import("tricorn");
    console.log(JSON.stringify([globalThis.__extends(), globalThis.__mine()]));`;
  expect(await output(program)).toEqual(["mine", "mine"]);
});
