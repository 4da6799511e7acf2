import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

import type { DrillRecord } from "./drill.js";
import * as figures from "./figures.js";

/** The points of a drill, as `--only` names them. */
export const groups = [
  "reload",
  "pace",
  "broken",
  "kill",
  "master",
  "recycle",
  "stop",
  "roles",
  "balance",
  "hosts",
  "peers",
] as const;

/** One of {@link groups}. */
export type Group = (typeof groups)[number];

/** What a scenario found: numbers that are judged, and facts that explain them. */
export interface Findings {
  readonly numbers: Readonly<Record<string, number>>;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What scenarios depend on. */
export interface ScenarioContext {
  /** The folder of the compiled programs. */
  readonly programs: string;
}

/** A drill with the figures that it must not exceed. */
export interface Scenario {
  readonly group: Group;
  readonly name: string;
  run(context: ScenarioContext): Promise<Findings>;
  /** The most of each number. */
  readonly limits: Readonly<Record<string, number>>;
  /** The same for numbers that depend on what else the machine does: they are judged if it does nothing else. */
  readonly idleLimits?: Readonly<Record<string, number>>;
}

/** What became of a scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly findings: Findings;
  /** Numbers beyond their limits, as `failed is 3, at most 0`. */
  readonly faults: readonly string[];
  /** Limits that were not judged, as the machine had other work. */
  readonly notJudged: readonly string[];
}

/** Runs a scenario and judges what it found. */
export async function runScenario(scenario: Scenario, context: ScenarioContext): Promise<ScenarioResult> {
  const isIdle = scenario.idleLimits !== undefined && (await busyShare()) < IDLE;
  const findings = await scenario.run(context);
  const { limits, idleLimits = {} } = scenario;
  const faultsOf = (of: Readonly<Record<string, number>>): string[] =>
    Object.entries(of).flatMap(([name, most]) => {
      const number = findings.numbers[name];
      return number !== undefined && number <= most ? [] : [`${name} is ${number}, at most ${most}`];
    });
  return {
    scenario,
    findings,
    faults: [...faultsOf(limits), ...(isIdle ? faultsOf(idleLimits) : [])],
    notJudged: isIdle ? [] : Object.keys(idleLimits),
  };
}

/** Which share of the processors' time may be used for the machine to count as idle. */
const IDLE = 0.25;
/** For how long that is looked at; ms. */
const LOOK = 1_000;

/** The share of the processors' time that is used now. */
async function busyShare(): Promise<number> {
  const times = (): readonly number[] =>
    cpus().reduce(
      ([all = 0, idle = 0], { times }) => [
        all + Object.values(times).reduce((a, b) => a + b),
        idle + times.idle,
      ],
      [0, 0],
    );
  const [all = 0, idle = 0] = times();
  await delay(LOOK);
  const [allNow = 0, idleNow = 0] = times();
  return 1 - (idleNow - idle) / (allNow - all);
}

/** What nobody may notice: the limits of a hand-over. */
export const unnoticed = {
  failed: 0,
  retried: 0,
  errorLines: 0,
  oldAfterNew: 0,
  missingReleases: 0,
  zombies: 0,
  processesLeft: 0,
  filesLeft: 0,
} as const;

/** What must not be left after any drill. */
export const nothingLeft = { zombies: 0, processesLeft: 0, filesLeft: 0 } as const;

/** The numbers of every drill. */
export function findingsOf(record: DrillRecord, workers: number): Findings {
  const { samples, moments, front, left, zombies, commands } = record;
  const failures = figures.failuresOf(samples);
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((all, count) => all + count, 0);
  const missing = figures.missingReleases(samples, moments);
  return {
    numbers: {
      requests: samples.length,
      reloads: moments.filter(({ kind }) => kind === "reload").length,
      failed: sum(failures),
      leaked: figures.leaksOf(samples),
      ...(front !== undefined && { retried: front.retried, errorLines: sum(front.errorLines) }),
      oldAfterNew: figures.oldAfterAllNew(samples, moments, workers),
      missingReleases: missing.length,
      zombies,
      processesLeft: left.processes.length,
      filesLeft: left.files.length,
    },
    facts: {
      ...(sum(failures) > 0 && { failures }),
      ...(front !== undefined && front.retried + sum(front.errorLines) > 0 && { nginx: front.errorLines }),
      ...(missing.length > 0 && { missing }),
      ...(left.processes.length + left.files.length > 0 && { left }),
      ...(commands.length > 0 && { commands: commands.filter(({ exitCode }) => exitCode !== 0) }),
      ...(sum(failures) + left.processes.length > 0 && { log: warningsIn(record.output) }),
    },
  };
}

/** How many lines of a log are shown. */
const LINES = 8;

/** The last lines of a log that are warnings or errors, or not from the log. */
function warningsIn(output: string): readonly string[] {
  return output
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith('{"level":30'))
    .slice(-LINES);
}
