// Three hosts behind HAProxy and nginx in the short form, judged by counts alone. The whole is `npm run drill -- --only hosts`.
import { expect, inject, test } from "vitest";

import { runScenario } from "./scenario.js";
import { shortHostsScenarios } from "./scenarios/hosts.js";
import { formatResult } from "./table.js";

test.each(shortHostsScenarios().map((scenario) => [scenario.name, scenario] as const))(
  "%s",
  async (_name, scenario) => {
    const result = await runScenario(scenario, { programs: inject("compiledPrograms") });
    expect(result.faults, formatResult(result)).toEqual([]);
  },
);
