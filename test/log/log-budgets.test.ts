import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LogBudgets } from "../../src/log/log-budgets.js";

let now: number;

beforeEach(() => {
  now = 5_000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});

afterEach(() => vi.restoreAllMocks());

function admitted(budgets: LogBudgets, kinds: readonly string[]) {
  return kinds.map((kind) => budgets.admit(kind)).filter((more) => more !== undefined);
}

test("20 lines of a kind are admitted per second, and the next one counts those dropped", () => {
  const budgets = new LogBudgets();
  const many = Array.from({ length: 120 }, () => "ERR_A");
  expect(admitted(budgets, many)).toEqual(Array.from({ length: 20 }, () => ({})));
  now += 1_000;
  expect(admitted(budgets, many)).toEqual([{ leftOut: 100 }, ...Array.from({ length: 19 }, () => ({}))]);
});

test("each kind has a separate budget", () => {
  const budgets = new LogBudgets();
  admitted(
    budgets,
    Array.from({ length: 120 }, () => "ERR_A"),
  );
  expect(budgets.admit("ERR_B")).toEqual({});
});

test("invented kinds share one budget, and are not stored", () => {
  const budgets = new LogBudgets();
  const kinds = Array.from({ length: 100_000 }, (_, index) => `kind ${index}`);
  expect(admitted(budgets, kinds)).toHaveLength(256 + 20);
});
