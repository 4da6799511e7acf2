// Compares Tricorn with its alternatives: `npm run bench -- --help`.
import { spawnSync } from "node:child_process";
import { cpus, release } from "node:os";

import { absences, allCases } from "./all-cases.js";
import { build } from "./build.js";
import { OURS, type Case } from "./case.js";
import { stopLongLived } from "./fleet.js";
import { HELP, parseOptions } from "./options.js";
import { profileTable, saveProfile } from "./profile.js";
import { profileCase, runCase, warmUp, type CaseResult } from "./run-case.js";
import { asText, goalsTable, tableOf, type MetricFilter } from "./table.js";
import { saveResult, type Machine } from "./saved-results.js";

/** The case whose profile is part of the document. */
const PROFILED = "hello";

const options = parseOptions(process.argv.slice(2));
if (options.help) {
  console.log(HELP);
  process.exit();
}
const cases = allCases();
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
  absent: [...absent.values()],
};
console.log(
  `Node.js ${machine.node}, ${machine.processor}, ${pinned ? "all on one core" : "not pinned to a core"}\n`,
);

const selected = chosen.map(withChosenPeers);
if (!options.quick) await warmUpServers();
if (options.profile) {
  for (const one of selected) await profile(one);
} else {
  const results: CaseResult[] = [];
  for (const one of selected) results.push(await compare(one));
  console.log(asText(goalsTable(results)));
}
await stopLongLived();

async function compare(one: Case): Promise<CaseResult> {
  const { rounds, quick } = options;
  const result = await orExit(one, () => runCase(one, { rounds, countsOurs: quick }));
  if (!quick) saveResult(result, machine);
  print(result);
  if (one.name === PROFILED && !quick) await profile(one);
  return result;
}

async function profile(one: Case): Promise<void> {
  const found = await orExit(one, () => profileCase(one));
  if (found === undefined) return;
  if (one.name === PROFILED && !options.quick) saveProfile(found);
  console.log(`Tricorn's profile in ${one.name}\n${asText(profileTable(found))}\n`);
}

/** Times, then counts. */
function print(result: CaseResult): void {
  console.log(`${result.title} [${result.name}]`);
  for (const wanted of [undefined, true] as const) {
    const filter: MetricFilter = ({ counted }) => counted === wanted;
    if (result.metrics.some(filter)) console.log(`${asText(tableOf(result, filter))}\n`);
  }
}

/** Servers that are measured run all cases before, as in a process that has done other things. */
async function warmUpServers(): Promise<void> {
  const servers = new Set(selected.flatMap(({ contenders }) => contenders.map(({ server }) => server)));
  for (const one of cases.map(withChosenPeers)) {
    const contenders = one.contenders.filter(({ server }) => server !== undefined && servers.has(server));
    await orExit(one, () => warmUp({ ...one, contenders }));
  }
}

/** Servers may still run when a case fails, and would keep this process alive. */
async function orExit<T>({ name }: Case, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    console.error(`Cannot measure ${name}:`, error);
    process.exit(1);
  }
}

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
