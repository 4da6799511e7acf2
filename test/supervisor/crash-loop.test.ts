import { expect, test } from "vitest";

import { NO_CRASH, crash, delayOf, isLoop, type CrashLoop } from "../../src/supervisor/crash-loop.js";

function crashes(...served: readonly number[]): CrashLoop {
  let loop = NO_CRASH;
  for (const time of served) loop = crash(loop, time);
  return loop;
}

test("replaces a worker at once that has served, however often", () => {
  const loop = crashes(...Array.from({ length: 100 }, () => 2_000));
  expect([delayOf(loop), isLoop(loop)]).toEqual([0, false]);
});

test("delays workers that end as they start, longer each time and at most 10 s", () => {
  const delays = Array.from({ length: 12 }, (_, index) => delayOf(crashes(...Array(index + 1).fill(0))));
  expect(delays).toEqual([0, 0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
});

test("workers that end a second after they are ready are a loop too, but are replaced at once", () => {
  const loop = crashes(1_500, 1_500, 1_500, 1_500);
  expect([isLoop(loop), delayOf(loop)]).toEqual([true, 0]);
  expect(delayOf(crashes(1_500, 1_500, 1_500, 900))).toBeGreaterThan(0);
});

test("a worker that serves makes up for a short life every two seconds, and ends the loop", () => {
  expect(isLoop(crashes(0, 0, 0))).toBe(true);
  expect(isLoop(crashes(0, 0, 0, 2_000))).toBe(true);
  expect(isLoop(crashes(0, 0, 0, 4_000))).toBe(false);
  expect(crashes(0, 0, 0, 60_000)).toMatchObject({ shortLives: 0 });
});
