import { expect, test } from "vitest";

import { soak } from "./soak.js";

// The long run is `npm run soak -- --minutes 10`.
test("random faults for some seconds leave no wrong answer, no request and no connection", async () => {
  const { faults, left, sessions } = await soak({ seed: 1996, time: 5_000, sessions: 400, parallel: 20 });

  expect(faults).toEqual([]);
  expect(left).toMatchObject({ requests: 0, connections: 0 });
  expect(sessions).toBeGreaterThan(50);
}, 60_000);
