import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

import { withSyntaxErrorPlace } from "../../src/supervisor/syntax-error-place.js";
import { projectFolder } from "../support/node-process.js";
import { temporaryFolder } from "../support/served.js";

/** A file in a folder of its own, with TypeScript installed beside it, and its failure as @oxc-node/core words it. */
function unparsed(name: string, text: string, { hasCompiler = true } = {}) {
  const folder = temporaryFolder();
  const file = join(folder, name);
  writeFileSync(file, text);
  if (hasCompiler) {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(projectFolder, "node_modules/typescript"), join(folder, "node_modules/typescript"));
  }
  // The compiler refuses a file beside it without this.
  writeFileSync(join(folder, "tsconfig.json"), "{}");
  const sentence = `Error: Failed to parse ${pathToFileURL(file).href}: Unexpected token`;
  return { file, failure: { sentence, details: [] } };
}

test.each([
  ["main.ts", "const a = 1;\nconst = 2;\n", "2:7"],
  ["main with spaces.mts", "@Named() class A {\n  constructor(@Inject() private readonly b: B)\n}}\n", "3:2"],
  ["page.tsx", "export const page = <p>{1}</p>;\nfunction (", "2:10"],
  ["main.js", "const a = 1;\n\n  return return;\n", "3:10"],
])("withSyntaxErrorPlace names the line of %s", async (name, text, place) => {
  const { file, failure } = unparsed(name, text);
  expect(await withSyntaxErrorPlace(failure)).toEqual({ ...failure, details: [`    at ${file}:${place}`] });
});

test("withSyntaxErrorPlace changes nothing without TypeScript, for a sound file, and for other failures", async () => {
  const { failure: alone } = unparsed("main.ts", "const = 2;", { hasCompiler: false });
  expect(await withSyntaxErrorPlace(alone)).toBe(alone);
  const { failure: sound } = unparsed("main.ts", "import { a } from 'nowhere';\nconst b: number = a;\n");
  expect(await withSyntaxErrorPlace(sound)).toBe(sound);
  const other = { sentence: "Error: no store", details: [] };
  expect(await withSyntaxErrorPlace(other)).toBe(other);
});
