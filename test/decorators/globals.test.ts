import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: object };
const entries = Object.keys(exports).filter((name) => !name.endsWith(".json"));

/** What a program prints that imports Tricorn from its sources. */
async function output(program: string): Promise<unknown> {
  const options = ["--conditions=tricorn-source", "--import", "@oxc-node/core/register"];
  const { stdout } = await run(process.execPath, [...options, "--input-type=module", "--eval", program], {
    cwd: root,
  });
  return JSON.parse(stdout);
}

test.each(entries)("to import tricorn%s adds nothing to the global object", async (entry) => {
  const program = `
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    await import(${JSON.stringify(entry.replace(/^\./, "tricorn"))});
    const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    console.log(JSON.stringify(added));`;
  // Several copies of Zod share their configuration there.
  const ofZod = new Set(["__zod_globalConfig", "__zod_globalRegistry"]);
  expect(((await output(program)) as string[]).filter((name) => !ofZod.has(name))).toEqual([]);
});

test("to import tricorn leaves global functions of the program as they were", async () => {
  const program = `
    globalThis.__extends = globalThis.__mine = () => "mine";
    await import("tricorn");
    console.log(JSON.stringify([globalThis.__extends(), globalThis.__mine()]));`;
  expect(await output(program)).toEqual(["mine", "mine"]);
});
