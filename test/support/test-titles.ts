import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../", import.meta.url));

/** `test("title", …)`, `it("title", …)`, and the call after a table: `test.each(…)("title", …)`. */
const CALL =
  /(?:\b(?:test|it)|\))\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)\s*,\s*(?:async\s*)?(?:\(|\{|\w+\s*=>)/g;

/** The titles of the tests in a file below test/, as in the source: with `%s`, not its value. */
export function titlesIn(file: string): ReadonlySet<string> {
  const source = readFileSync(`${folder}${file}`, "utf8");
  return new Set(Array.from(source.matchAll(CALL), ([, literal]) => textOf(literal!)));
}

/** A title as documents show it: with "…" instead of the placeholders of a table's cases. */
export function shownTitle(title: string): string {
  return title.replaceAll(/%[sijdfop]|\$\w+/g, "…");
}

function textOf(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}
