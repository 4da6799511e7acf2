import { expect, test } from "vitest";

import { neverEarly } from "../../src/server/never-early.js";

test("neverEarly counts from the call, not from the start of a long turn", async () => {
  const start = performance.now();
  while (performance.now() - start < 50) continue;
  const called = performance.now();
  await new Promise<void>((resolve) => void neverEarly(20, resolve));

  expect(performance.now() - called).toBeGreaterThanOrEqual(20);
});

test("neverEarly does not expire at once for a time beyond the range of timers", async () => {
  const struck: string[] = [];
  const forget = [
    neverEarly(Infinity, () => struck.push("for ever")),
    neverEarly(2 ** 40, () => struck.push("years")),
  ];
  await new Promise<void>((resolve) => void neverEarly(5, resolve));
  for (const each of forget) each();

  expect(struck).toEqual([]);
});

test("neverEarly can be cancelled", async () => {
  const struck: string[] = [];
  neverEarly(1, () => struck.push("taken back"))();
  await new Promise<void>((resolve) => void neverEarly(5, resolve));

  expect(struck).toEqual([]);
});
