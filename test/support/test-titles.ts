import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../", import.meta.url));

/** `test("title", …)`, `it("title", …)`, and the call behind a table: `test.each(…)("title", …)`. */
const CALL =
  /(?:\b(?:test|it)|\))\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)\s*,\s*(?:async\s*)?(?:\(|\{|\w+\s*=>)/g;

/** The titles of the tests in a file below test/, as they stand in its source: `%s` and not what is put there. */
export function titlesIn(file: string): ReadonlySet<string> {
  const source = readFileSync(`${folder}${file}`, "utf8");
  return new Set(Array.from(source.matchAll(CALL), ([, literal]) => textOf(literal!)));
}

/** A title as documents show it: the cases of a table are "…", not the placeholder that stands in the source. */
export function shownTitle(title: string): string {
  return title.replaceAll(/%[sijdfop]|\$\w+/g, "…");
}

function textOf(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}
