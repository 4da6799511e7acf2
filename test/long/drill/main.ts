// npm run drill [-- --only reload,kill] [--named tcp] [--reloads 10] [--seconds 20] [--requests 2000] [--json file]
// Reloads, kills and stops Tricorn under load behind real Web servers; ends with 1 if a number exceeds its limit.
import { rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { compiledPrograms } from "../../support/compile-programs.js";
import { groups, runScenario, type Group, type ScenarioResult } from "./scenario.js";
import { scenariosOf } from "./scenarios/scenarios.js";
import { formatResult, formatTable } from "./table.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: groups.join(",") },
    named: { type: "string", default: "" },
    reloads: { type: "string" },
    seconds: { type: "string" },
    requests: { type: "string" },
    json: { type: "string" },
  },
});
const selected = values.only.split(",");
const unknown = selected.filter((name) => !(groups as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`Cannot drill ${unknown.join(", ")}: choose from ${groups.join(", ")}`);
  process.exit(2);
}
const scenarios = scenariosOf(selected as Group[], {
  ...(values.reloads !== undefined && { reloads: Number(values.reloads) }),
  ...(values.requests !== undefined && { requests: Number(values.requests) }),
  ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
}).filter(({ name }) => name.includes(values.named));

const programs = await compiledPrograms();
const results: ScenarioResult[] = [];
try {
  for (const scenario of scenarios) {
    console.log(`${scenario.group}: ${scenario.name}`);
    const result = await runScenario(scenario, { programs });
    results.push(result);
    console.log(formatResult(result));
  }
} finally {
  rmSync(programs, { recursive: true, force: true });
}
console.log(`\n${formatTable(results)}`);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, undefined, 1));
process.exit(results.some(({ faults }) => faults.length > 0) ? 1 : 0);
