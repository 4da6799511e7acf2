import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { readDocument, root } from "./blocks.js";

/** Each code that occurs in the source as a string. */
function codesInSource(): string[] {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts"));
  const codes = sources.flatMap(
    (file) => readFileSync(join(root, "src", file), "utf8").match(/(?<=")ERR_[A-Z0-9_]+(?=")/g) ?? [],
  );
  return [...new Set(codes)].sort();
}

function headings(): string[] {
  return readDocument("docs/errors.md").match(/(?<=^### )ERR_[A-Z0-9_]+$/gm) ?? [];
}

test("docs/errors.md has one heading for each code in src, and no others", () => {
  expect(headings().sort()).toEqual(codesInSource());
});

test("each heading of docs/errors.md has an explanation", () => {
  const sections = readDocument("docs/errors.md")
    .split(/^#{2,3} /m)
    .slice(1);
  const empty = sections.filter((section) => section.startsWith("ERR_") && !/\n\S/.test(section));
  expect(empty).toEqual([]);
});
