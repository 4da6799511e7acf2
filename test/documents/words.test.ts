import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Words that a plain sentence does not need. `nobody` is also a user of Unix: quoted, or after `-o` and `DefaultUser`. */
const AVOIDED =
  /\b(?:whoever|whomever|(?<![`"\\]|-o |DefaultUser )nobody|somebody|anybody|tells|(?:is|are|was|were) told|in vain|to the letter|where nothing else is said|left out it is|if left out)\b/i;

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

const files = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "RELEASING.md",
  ...filesBelow("src", /\.(?:ts|md)$/),
  ...filesBelow("docs", /\.md$/),
  ...filesBelow("examples", /\.(?:ts|html)$/),
  ...filesBelow("template", /\.(?:ts|html|md)$/),
];

/** The lines of a file with an avoided word. */
function avoidedIn(file: string): string[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, at) => (AVOIDED.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : []));
}

test("sources, documents and examples use plain words", () => {
  expect(files.length).toBeGreaterThan(300);
  expect(files.flatMap(avoidedIn)).toEqual([]);
});
