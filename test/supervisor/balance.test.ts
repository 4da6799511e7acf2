import { expect, test } from "vitest";

import { unbalanced } from "../../src/supervisor/balance.js";

const workersWith = (...counts: readonly number[]) => counts.map((connections) => ({ connections }));

test.each([
  [[10, 2], 4],
  [[16, 0, 0, 0], 12],
  [[7, 5, 5, 5], 1],
  [[400, 0], 64],
  [[2, 0], 1],
])("workers with %j connections are not even: the busiest hands over %i", (counts, connections) => {
  const workers = workersWith(...counts);
  expect(unbalanced(workers)).toEqual({ from: workers[0], connections });
});

test.each([[[]], [[9]], [[1, 0]], [[5, 4]], [[100, 90]], [[3, 3, 3]]])(
  "workers with %j connections are even",
  (counts) => {
    expect(unbalanced(workersWith(...counts))).toBeUndefined();
  },
);
