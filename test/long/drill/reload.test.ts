// The drill in its short form, judged by counts alone. The whole is `npm run drill`.
import { expect, inject, test } from "vitest";

import { reloads } from "./plans.js";
import { runScenario } from "./scenario.js";
import { drillScenario } from "./scenarios/common.js";
import { restarted } from "./targets/tricorn.js";

test("a drill sees what an end and a new start lose", async () => {
  const scenario = drillScenario({
    group: "peers",
    name: restarted.name,
    target: restarted,
    workers: 1,
    plan: reloads({ count: 1 }),
    limits: {},
  });
  const { findings } = await runScenario(scenario, { programs: inject("compiledPrograms") });
  expect(findings.numbers["failed"]).toBeGreaterThan(0);
  expect(findings.numbers["errorLines"]).toBeGreaterThan(0);
});
