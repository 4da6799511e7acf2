import { expect, test } from "vitest";

import { DURATION_BOUNDS, DurationHistogram } from "../../src/supervisor/duration-histogram.js";

function histogramOf(...durations: readonly number[]): DurationHistogram {
  const histogram = new DurationHistogram();
  for (const duration of durations) histogram.record(duration);
  return histogram;
}

test("a duration is in the bucket of the first bound that it does not exceed", () => {
  const last = DURATION_BOUNDS.length;
  expect(histogramOf(0, 0.25, 0.26, 1, 60_000, 60_001, 1e9).counts).toEqual([
    [0, 2],
    [1, 1],
    [2, 1],
    [last - 1, 1],
    [last, 2],
  ]);
});

test("upTo counts all durations up to a bound", () => {
  const histogram = histogramOf(0.1, 1, 1.2, 700);
  expect([histogram.upTo(0.25), histogram.upTo(1), histogram.upTo(60_000)]).toEqual([1, 2, 4]);
});

test("a quantile lies in the bucket of its duration", () => {
  const histogram = histogramOf(...Array.from({ length: 98 }, () => 4), 900, 900);
  expect(histogram.quantile(0.5)).toBeGreaterThan(3);
  expect(histogram.quantile(0.5)).toBeLessThanOrEqual(5);
  expect(histogram.quantile(0.99)).toBeGreaterThan(750);
  expect(histogram.quantile(0.99)).toBeLessThanOrEqual(1_000);
  expect(histogramOf(1e9).quantile(0.5)).toBe(60_000);
  expect(histogramOf().quantile(0.5)).toBeNull();
});

test("what one histogram has is added to another", () => {
  const one = histogramOf(1, 20);
  const other = histogramOf(20, 4_000);
  one.add(other.counts, other.sum);
  expect([one.count, one.sum, one.counts]).toEqual([4, 4_041, histogramOf(1, 20, 20, 4_000).counts]);
});
