// The goals of docs/performance.md are data; one that no case measures would never be judged.
import { expect, test } from "vitest";

import { allCases } from "../../bench/all-cases.js";
import { OURS } from "../../bench/case.js";
import { goals, judge } from "../../bench/goals.js";
import type { CaseResult, Figure } from "../../bench/run-case.js";

const cases = allCases();

test.each(goals)("the goal of $case for $metric is measured", ({ case: name, metric, against = OURS }) => {
  const one = cases.find((other) => other.name === name);
  expect(one?.metrics.map(({ key }) => key)).toContain(metric);
  expect(one?.contenders.map((contender) => contender.name)).toContain(against);
});

const figure = (best: number): Figure => ({ best, median: 2 * best, least: best, most: 3 * best });

/** An echo that costs so much of node:http's, and whose collections are those. */
function resultOf(ratio: number, full: number): CaseResult {
  const { metrics, title } = cases.find(({ name }) => name === "echo")!;
  return {
    name: "echo",
    title,
    metrics,
    rows: [
      { name: "Tricorn", figures: { cpu: figure(100), full: { ...figure(full), median: full } } },
      {
        name: "node:http",
        figures: { cpu: { ...figure(50), ratio: { best: ratio, rounds: figure(ratio) } } },
      },
    ],
  };
}

test("a goal is judged by the ratio of the best slices, not by the median", () => {
  const [, cpu] = judge(resultOf(0.6, 0));
  expect([cpu?.figure.best, cpu?.figure.median, cpu?.met]).toEqual([0.6, 1.2, true]);
  expect(judge(resultOf(0.61, 0))[1]?.met).toBe(false);
});

test("a count is judged as it is", () => {
  expect(judge(resultOf(1, 1))[0]?.met).toBe(true);
  expect(judge(resultOf(1, 2))[0]?.met).toBe(false);
});

test("a goal against a contender that is missing on the machine is not judged", () => {
  const judged = judge(resultOf(0.5, 0)).map(({ goal }) => goal.against);
  expect(judged).toEqual([undefined, "node:http"]);
});
