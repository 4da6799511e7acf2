import { hang, nothing } from "../plans.js";
import { nothingLeft, unnoticed, type Scenario } from "../scenario.js";
import { tricornWith } from "../targets/tricorn.js";
import { drillScenario, usualMix } from "./common.js";

/** The memory at which a worker is replaced, and that which it may have at most until it has ended; MiB. */
const MOST_MEMORY = 250;
/** How soon a hung worker has to be found; ms. */
const FOUND_WITHIN = 10_000;

/** A worker that leaks, and one that hangs. */
export function recycleScenarios({ time = 30_000 } = {}): Scenario[] {
  return [
    drillScenario({
      group: "recycle",
      name: `leak of 20 MiB in 1 % of requests, recycling at ${MOST_MEMORY} MiB`,
      target: tricornWith("--max-rss", `${MOST_MEMORY}M`),
      mix: { ...usualMix, leak: 1 },
      plan: nothing(time),
      limits: { ...unnoticed, tooFewRecycled: 0 },
      more: ({ samples }) => {
        const pids = new Set(samples.flatMap(({ judgement }) => (judgement.isGood ? [judgement.pid] : [])));
        return { processes: pids.size, tooFewRecycled: pids.size > 4 ? 0 : 1 };
      },
    }),
    drillScenario({
      group: "recycle",
      name: "a worker that hangs",
      plan: hang(/at Drilled\.spin|Drilled\.spin/),
      limits: { ...nothingLeft, failedBesideHang: 0, notFound: 0 },
      idleLimits: { foundAfter: FOUND_WITHIN },
      more: ({ samples, moments }) => {
        const found = moments.find((moment) => moment.kind === "hang found");
        return {
          failedBesideHang: samples.filter(({ kind, judgement }) => !judgement.isGood && kind !== "spin")
            .length,
          notFound: found === undefined ? 1 : 0,
          foundAfter: Math.round(found?.after ?? Infinity),
        };
      },
    }),
  ];
}
