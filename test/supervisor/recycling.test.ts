import { expect, test } from "vitest";

import { limitsOfOne, whyRecycle } from "../../src/supervisor/recycling.js";

const use = { requests: 100, rss: 5_000, age: 60_000 };

test.each([
  [{}, undefined],
  [{ requests: 101, rss: 5_000, age: 60_001 }, undefined],
  [{ requests: 100 }, "requests"],
  [{ rss: 4_999 }, "memory"],
  [{ age: 60_000 }, "age"],
  [{ requests: 1, rss: 1, age: 1 }, "memory"],
])("with the limits %j a worker is replaced because of %s", (limits, why) => {
  expect(whyRecycle(use, limits)).toBe(why);
});

test("gives each worker up to a tenth more, so that they do not end together", () => {
  const limits = { requests: 1_000, rss: 5_000, age: 60_000 };
  expect(limitsOfOne(limits, 0)).toEqual(limits);
  expect(limitsOfOne(limits, 0.5)).toEqual({ requests: 1_050, rss: 5_000, age: 63_000 });
  expect(limitsOfOne({}, 1)).toEqual({ requests: undefined, rss: undefined, age: undefined });
});
