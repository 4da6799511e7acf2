import { sharesOf } from "../figures.js";
import { hang, untilProcesses } from "../plans.js";
import { nothingLeft, unnoticed, type Scenario } from "../scenario.js";
import { tricornWith } from "../targets/tricorn.js";
import { drillScenario, usualMix } from "./common.js";

/** The memory at which a worker is replaced, and that which it may have at most until it has ended; MiB. */
const MOST_MEMORY = 250;
/** How soon a hung worker has to be found; ms. */
const FOUND_WITHIN = 10_000;

/** A worker that leaks, and one that hangs. */
export function recycleScenarios({ processes = 6 } = {}): Scenario[] {
  return [
    drillScenario({
      group: "recycle",
      name: `leak of 20 MiB in 3 % of requests, recycling at ${MOST_MEMORY} MiB`,
      target: tricornWith({ options: ["--recycle-memory", String(MOST_MEMORY)] }),
      mix: { ...usualMix, leak: 3 },
      plan: untilProcesses(processes),
      limits: { ...unnoticed, notRecycled: 0 },
      more: ({ samples }) => ({ notRecycled: Math.max(0, processes - sharesOf(samples).length) }),
    }),
    drillScenario({
      group: "recycle",
      name: "a worker that hangs",
      target: tricornWith({ options: ["--hang-report"] }),
      // The request that hangs is refused so late.
      env: { DRILL_SHUTDOWN: "3000" },
      plan: hang(/at spin \(/),
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
