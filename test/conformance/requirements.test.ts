import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { titlesIn } from "../support/test-titles.js";
import { conformanceDocument } from "./document.js";
import { specification } from "./requirements.js";

const requirements = specification.flatMap((section) =>
  section.requirements.map((requirement) => ({ section: section.number, ...requirement })),
);

test("each requirement of the specification names a test or is out of scope", () => {
  const bare = requirements.filter(({ tests, status }) => tests.length === 0 && status !== "elsewhere");
  expect(bare).toEqual([]);
});

test("each difference from the specification has a reason, and nothing else has", () => {
  expect(
    requirements.filter(({ status, because }) => (status === undefined) !== (because === undefined)),
  ).toEqual([]);
});

test("each test that is named for a requirement exists", () => {
  const missing = requirements.flatMap(({ section, tests }) =>
    tests
      .filter(({ file, title }) => !titlesIn(file).has(title))
      .map(({ file, title }) => `${section}: ${file}: ${title}`),
  );
  expect(missing).toEqual([]);
});

test("docs/conformance.md is what `npm run docs:conformance` generates", () => {
  const document = readFileSync(new URL("../../docs/conformance.md", import.meta.url), "utf8");
  expect(document).toBe(conformanceDocument());
});
