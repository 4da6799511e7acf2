import type { DrillRecord } from "../drill.js";
import { failedBesideKills, timesToReplace } from "../figures.js";
import { masterKill, reloads, workerKills, type MasterKillOptions } from "../plans.js";
import { nothingLeft, type Scenario } from "../scenario.js";
import { drillScenario } from "./common.js";

/** Reloads of which every fourth brings a release that does not start. */
export function brokenScenarios({ count = 12 } = {}): Scenario[] {
  return [
    drillScenario({
      group: "broken",
      name: `${count} reloads, every fourth broken`,
      plan: reloads({ count, broken: ["syntax", "throws"] }),
    }),
  ];
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
