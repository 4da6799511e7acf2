import { findingsOf, unnoticed, type Findings, type Scenario } from "../scenario.js";
import { runDrill, type DrillRecord } from "../drill.js";
import { longestGap, percentile, timesNear } from "../figures.js";
import { reloadsAndControls } from "../plans.js";
import { phpFpm } from "../targets/php-fpm.js";
import type { Target } from "../targets/target.js";
import { usual, usualMix } from "./common.js";

/** By how much a reload may delay immediate requests beyond what the start of processes alone does; ms. */
const ALLOWED = 50;

/** How fast immediate requests are answered near reloads, beside controls. */
type Pace = {
  readonly p99: number;
  readonly p99Control: number;
  readonly gap: number;
  readonly gapControl: number;
};

function paceOf({ samples, moments }: DrillRecord): Pace {
  const p99Near = (moment: "reload" | "control"): number =>
    percentile(timesNear(samples, moments, { moment, request: "get" }), 99) ?? Infinity;
  return {
    p99: Math.round(p99Near("reload")),
    p99Control: Math.round(p99Near("control")),
    gap: Math.round(longestGap(samples, moments, "reload")),
    gapControl: Math.round(longestGap(samples, moments, "control")),
  };
}

interface PaceOptions {
  readonly name: string;
  readonly mix: typeof usualMix & { readonly long?: number };
  readonly count: number;
}

/** Reloads and controls in turn, and the same with PHP-FPM. */
function paceScenario({ name, mix, count }: PaceOptions): Scenario {
  return {
    group: "pace",
    name,
    limits: unnoticed,
    // New processes run code that is not compiled yet, which other work on the machine multiplies.
    idleLimits: { p99AboveControl: ALLOWED, gapAboveControl: ALLOWED },
    run: async ({ programs }): Promise<Findings> => {
      const options = { ...usual, mix, programs, plan: reloadsAndControls({ count }) };
      const record = await runDrill(options);
      const fpm = async (target: Target): Promise<object> => {
        const peer = await runDrill({ ...options, target });
        const { failed, retried } = findingsOf(peer, usual.workers).numbers;
        return { failed, retried, ...paceOf(peer) };
      };
      const { numbers, facts } = findingsOf(record, usual.workers);
      const pace = paceOf(record);
      return {
        numbers: {
          ...numbers,
          ...pace,
          p99AboveControl: pace.p99 - pace.p99Control,
          gapAboveControl: pace.gap - pace.gapControl,
        },
        facts: { ...facts, "PHP-FPM, 10s": await fpm(phpFpm("10s")), "PHP-FPM, 0": await fpm(phpFpm("0")) },
      };
    },
  };
}

/** The pace of answers near reloads; with requests of 4 s, too, which a reload must not wait for. */
export function paceScenarios({ count = 15 } = {}): Scenario[] {
  return [
    paceScenario({ name: "pace near reloads, beside controls and PHP-FPM", mix: usualMix, count }),
    paceScenario({ name: "the same with 1 % of requests of 4 s", mix: { ...usualMix, long: 1 }, count }),
  ];
}
