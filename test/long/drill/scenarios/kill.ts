import type { DrillRecord } from "../drill.js";
import { failedBesideKills, timesToReplace } from "../figures.js";
import { masterKill, reloads, workerKills, type MasterKillOptions } from "../plans.js";
import type { CommandEnd } from "../running-target.js";
import { nothingLeft, unnoticed, type Scenario } from "../scenario.js";
import { tricornWith } from "../targets/tricorn.js";
import { drillScenario } from "./common.js";

/** How soon `tricorn reload` has to say why a release does not start; ms. */
const REPORTED_WITHIN = 10_000;
/** What it says: file, line and sentence. */
const REPORTS: Readonly<Record<(typeof breakages)[number], RegExp>> = {
  syntax: /main\.mjs:2[^]*Unexpected token|Unexpected token[^]*main\.mjs:2/,
  throws: /main\.mjs:2[^]*this release has no database|this release has no database[^]*main\.mjs:2/,
};
const breakages = ["syntax", "throws"] as const;

/** Reloads of which every fourth brings a release that does not start: by a signal, and by the command that says why. */
export function brokenScenarios({ count = 12 } = {}): Scenario[] {
  const plan = reloads({ count, broken: breakages });
  return [
    drillScenario({ group: "broken", name: `${count} reloads by a signal, every fourth broken`, plan }),
    drillScenario({
      group: "broken",
      name: `${count} reloads by \`tricorn reload --wait\`, every fourth broken`,
      target: tricornWith({ reloadBy: "command" }),
      plan,
      limits: { ...unnoticed, wrongReports: 0 },
      idleLimits: { reportedAfter: REPORTED_WITHIN },
      more: ({ commands }) => reportsOf(commands),
    }),
  ];
}

/** What the commands said of good releases and of broken ones. */
function reportsOf(commands: DrillRecord["commands"]): Record<string, number> {
  const failed = commands.filter(({ exitCode }) => exitCode !== 0);
  const isRight = ({ exitCode, output }: CommandEnd, index: number): boolean => {
    if (index % 4 !== 3) return exitCode === 0;
    return exitCode === 1 && REPORTS[breakages[(index >> 2) % breakages.length]!].test(output);
  };
  return {
    wrongReports: commands.filter((command, index) => !isRight(command, index)).length,
    reportedAfter: Math.round(Math.max(0, ...failed.map(({ took }) => took))),
  };
}

/** Random workers are killed. Only what was active there may fail, and each is replaced. */
export function killScenarios({ time = 60_000, every = 2_000 } = {}): Scenario[] {
  return (["unix", "tcp"] as const).map((over) =>
    drillScenario({
      group: "kill",
      name: `kill -9 of random workers for ${time / 1_000} s, ${over}`,
      over,
      plan: workerKills({ every, time }),
      limits: { ...nothingLeft, failedBesideKills: 0, notReplaced: 0 },
      idleLimits: { replacedAfter: 1_000 },
      more: replacements,
    }),
  );
}

function replacements({ samples, moments }: DrillRecord): Record<string, number> {
  const times = timesToReplace(samples, moments);
  const known = times.filter((time) => time !== undefined);
  return {
    kills: times.length,
    failedBesideKills: failedBesideKills(samples, moments),
    notReplaced: times.length - known.length,
    replacedAfter: Math.round(Math.max(0, ...known)),
  };
}

/** The master is killed, at rest and at different moments of a reload. */
export function masterScenarios({
  moments = [undefined, 50, 200, 400],
  orphaned = 10_000,
}: MasterOptions = {}): Scenario[] {
  return moments.map((intoReload) =>
    drillScenario({
      group: "master",
      name: `kill -9 of the master ${intoReload === undefined ? "at rest" : `${intoReload} ms into a reload`}`,
      plan: masterKill({ intoReload, orphaned }),
      limits: { ...nothingLeft, failed: 0, failedOfOrphans: 0 },
      more: ({ samples, moments: noted }) => {
        const next = noted.find(({ kind }) => kind === "next master")?.at ?? Infinity;
        return {
          failedOfOrphans: samples.filter(({ ended, judgement }) => !judgement.isGood && ended < next).length,
        };
      },
    }),
  );
}

/** When the master is killed. */
export interface MasterOptions {
  readonly moments?: readonly MasterKillOptions["intoReload"][];
  readonly orphaned?: number;
}
