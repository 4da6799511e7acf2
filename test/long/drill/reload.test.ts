// The drill in its short form, judged by counts alone. The whole is `npm run drill`.
import { describe, expect, inject, test } from "vitest";

import { reloads } from "./plans.js";
import { runScenario, type Scenario } from "./scenario.js";
import { drillScenario } from "./scenarios/common.js";
import { brokenScenarios, killScenarios, masterScenarios } from "./scenarios/kill.js";
import { recycleScenarios } from "./scenarios/recycle.js";
import { reloadCell } from "./scenarios/reload.js";
import { guardingServers, rolesEvents, rolesScenario } from "./scenarios/roles.js";
import { stopScenarios } from "./scenarios/stop.js";
import { formatResult } from "./table.js";
import { restarted } from "./targets/tricorn.js";

/** Times are judged by the whole drill. */
async function expectNoFault(_name: string, { idleLimits: _times, ...scenario }: Scenario): Promise<void> {
  const result = await runScenario(scenario, { programs: inject("compiledPrograms") });
  expect(result.faults, formatResult(result)).toEqual([]);
}

const [nginx, apache] = guardingServers;
const [rolesReloads, rolesKills] = rolesEvents({ count: 4, time: 3_000 });
const scenarios: Scenario[] = [
  reloadCell({ workers: 2, keep: 16, over: "tcp", count: 3 }),
  reloadCell({ workers: 4, keep: 0, over: "unix", count: 2 }),
  ...brokenScenarios({ count: 4 }).slice(1),
  ...killScenarios({ time: 3_000, every: 1_000 }).slice(0, 1),
  ...masterScenarios({ moments: [100], orphaned: 2_000 }),
  ...recycleScenarios({ processes: 4 }),
  ...stopScenarios({ after: [0, 150, 400], restarts: 2 }).slice(0, -1),
  rolesScenario(nginx!, rolesReloads!),
  rolesScenario(apache!, rolesKills!),
];

describe("Tricorn under load", () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", expectNoFault);
});

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
