import { expect, test } from "vitest";

import { fuzz } from "./fuzz.js";

// A failure names its session; `npm run fuzz -- --seed 1996 --only <session>` repeats and shortens it.
const SEED = 1996;

test.each([
  ["memory", 3_000],
  ["tcp", 300],
] as const)(
  "sessions of valid and broken records over %s end in clean answers or a clean close",
  async (over, sessions) => {
    const { failures, answered, ...figures } = await fuzz({ seed: SEED, sessions, over });

    expect(failures).toEqual([]);
    expect(figures.sessions).toBe(sessions);
    expect(answered).toBeGreaterThan(sessions);
  },
  120_000,
);
