import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";

import { Extracted, blocksOf, documents, fileOf, paths, root } from "./blocks.js";

const extracted = new Extracted();
afterAll(() => extracted.remove());

const typeScript = documents.flatMap(blocksOf).filter(({ language }) => language === "ts");

/** The compiler's flags that a document shows. */
function flagsIn(document: string): Record<string, unknown> {
  const shown = blocksOf(document).find(({ language }) => language === "json");
  return (JSON.parse(shown!.text) as { compilerOptions: Record<string, unknown> }).compilerOptions;
}

/** Those flags, and those that resolve "tricorn" in this repository. */
function configuration(): string {
  return JSON.stringify({
    compilerOptions: {
      ...flagsIn("docs/getting-started.md"),
      // The root must contain the package, whose sources are compiled too.
      rootDir: "/",
      noEmit: true,
      paths,
    },
    include: ["**/*.ts"],
  });
}

async function compile(): Promise<string> {
  const project = join(extracted.folder, "tsconfig.json");
  writeFileSync(project, configuration());
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  try {
    await promisify(execFile)(process.execPath, [compiler, "--pretty", "false", "-p", project], {
      cwd: root,
    });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test("each TypeScript block of the documents compiles with the flags that Getting started names", async () => {
  expect(typeScript.length).toBeGreaterThan(0);
  expect(await compile()).toBe("");
});

test("no other document shows flags of the compiler", () => {
  const shown = documents.filter((document) =>
    blocksOf(document).some(({ text }) => text.includes('"compilerOptions"')),
  );
  expect(shown).toEqual(["docs/getting-started.md"]);
});

test("no two blocks of a document name the same file", () => {
  const files = typeScript.map((block) => extracted.pathOf(block));
  expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([]);
});

describe("a block that is marked runnable runs", () => {
  const runnable = typeScript.filter(({ info }) => info === "runnable");
  test.each(runnable.map((block) => [`${block.document}:${block.line} ${fileOf(block)}`, block] as const))(
    "%s",
    async (_name, block) => {
      const options = ["--import", "@oxc-node/core/register"];
      const run = promisify(execFile)(process.execPath, [...options, extracted.pathOf(block)], {
        cwd: root,
        timeout: 60_000,
        env: { ...process.env, TRICORN_LOG_LEVEL: "silent", TS_NODE_PROJECT: join(root, "tsconfig.json") },
      });
      await expect(run).resolves.toBeDefined();
    },
  );
});
