import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { shownTitle, titlesIn } from "../support/test-titles.js";

const text = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
/** Links to test files; their text is the title of a test, as {@link shownTitle} shows it. */
const named = Array.from(
  text.matchAll(/\[([^\]]+)\]\(\.\.\/test\/([^)]+\.test\.ts)\)/g),
  ([, title, file]) => ({
    title: title!,
    file: file!,
  }),
);

test("each test that docs/security.md names exists", () => {
  const exists = ({ title, file }: (typeof named)[number]): boolean =>
    Array.from(titlesIn(file), shownTitle).includes(title);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((test) => !exists(test))).toEqual([]);
});

test("each hole of the history names a test", () => {
  const rows = text.split(/^## What went wrong elsewhere$/m)[1]!.match(/^\| (?!what happened).+$/gm) ?? [];
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(rows.filter((row) => !row.includes("](../test/"))).toEqual([]);
});
