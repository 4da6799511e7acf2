import { expect, test } from "vitest";

import { neverEarly } from "../../src/server/never-early.js";

test("neverEarly counts from the call, not from the start of a turn that has lasted long", async () => {
  const start = performance.now();
  while (performance.now() - start < 50) continue;
  const called = performance.now();
  await new Promise<void>((resolve) => void neverEarly(20, resolve));

  expect(performance.now() - called).toBeGreaterThanOrEqual(20);
});

test("neverEarly does not strike at once for a time that timers do not know", async () => {
  const struck: string[] = [];
  const forget = [
    neverEarly(Infinity, () => struck.push("for ever")),
    neverEarly(2 ** 40, () => struck.push("years")),
  ];
  await new Promise<void>((resolve) => void neverEarly(5, resolve));
  for (const each of forget) each();

  expect(struck).toEqual([]);
});

test("neverEarly is taken back", async () => {
  const struck: string[] = [];
  neverEarly(1, () => struck.push("taken back"))();
  await new Promise<void>((resolve) => void neverEarly(5, resolve));

  expect(struck).toEqual([]);
});
