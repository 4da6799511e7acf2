// Compares Tricorn with its alternatives: `npm run bench -- --help`.
import { spawnSync } from "node:child_process";
import { cpus, release } from "node:os";

import { absences, allCases } from "./all-cases.js";
import { build } from "./build.js";
import { OURS, type Case } from "./case.js";
import { HELP, parseOptions } from "./options.js";
import { runCase, type CaseResult } from "./run-case.js";
import { asText, goalsTable, tableOf } from "./table.js";
import { saveResult, type Machine } from "./saved-results.js";

const options = parseOptions(process.argv.slice(2));
if (options.help) {
  console.log(HELP);
  process.exit();
}
const cases = allCases(options.seconds);
const chosen = cases.filter(
  ({ name }) => options.cases.length === 0 || options.cases.some((wanted) => isMeant(name, wanted)),
);
if (options.list) {
  for (const { name, title } of chosen) console.log(`${name.padEnd(24)} ${title}`);
  process.exit();
}
if (chosen.length === 0)
  throw new Error(`Cannot run: no case is called ${options.cases.join(" or ")}; see --list`);

build();
const absent = absences();
for (const why of absent.values()) console.log(why);
// Wake-ups between cores would cost more than the measured work. All started processes inherit this.
const pinned = spawnSync("taskset", ["-p", "-c", "0", String(process.pid)], { stdio: "ignore" }).status === 0;
const machine: Machine = {
  node: process.version,
  system: `Linux ${release()}`,
  processor: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
  rounds: options.rounds,
  seconds: options.seconds,
  absent: [...absent.values()],
};
console.log(
  `Node.js ${machine.node}, ${machine.processor}, ${pinned ? "all on one core" : "not pinned to a core"}\n`,
);

const results: CaseResult[] = [];
for (const one of chosen) {
  try {
    const result = await runCase(withChosenPeers(one), options.rounds);
    results.push(result);
    saveResult(result, machine);
    console.log(`${result.title} [${result.name}]\n${asText(tableOf(result))}\n`);
  } catch (error) {
    // Servers may still run, and would keep this process alive.
    console.error(`Cannot measure ${one.name}:`, error);
    process.exit(1);
  }
}
console.log(asText(goalsTable(results)));

/** A full name selects that case, a part of one every case that contains it. */
function isMeant(name: string, wanted: string): boolean {
  return cases.some((one) => one.name === wanted) ? name === wanted : name.includes(wanted);
}

function withChosenPeers(one: Case): Case {
  const { peers } = options;
  const isChosen = (name: string): boolean =>
    name === OURS || peers.length === 0 || peers.some((part) => name.includes(part));
  return { ...one, contenders: one.contenders.filter(({ name }) => !absent.has(name) && isChosen(name)) };
}
