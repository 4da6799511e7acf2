import { readFileSync, readdirSync } from "node:fs";

import { reloads } from "../plans.js";
import { unnoticed, type Scenario } from "../scenario.js";
import { drillScenario } from "./common.js";

/** By how much the master may be larger after all reloads than after the first quarter; MiB. */
const MOST_GROWTH = 16;

/** What a process has: open descriptors, and resident memory in MiB. */
interface Size {
  readonly descriptors: number;
  readonly memory: number;
}

function sizeOf(pid: number): Size {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, memory: kib / 1024 };
}

/** Reloads again and again: the master must not grow. */
export function growthScenario({ count = 200 } = {}): Scenario {
  const sizes: Size[] = [];
  return drillScenario({
    group: "reload",
    name: `size of the master in ${count} reloads`,
    workers: 1,
    shape: { kind: "open", rate: 20 },
    plan: async (drill) => {
      await reloads({ count: Math.ceil(count / 4), every: 0 })(drill);
      sizes.push(sizeOf(drill.target.master.pid));
      await reloads({ count: count - Math.ceil(count / 4), every: 0 })(drill);
      sizes.push(sizeOf(drill.target.master.pid));
    },
    limits: { ...unnoticed, moreDescriptors: 0, moreMemory: MOST_GROWTH },
    more: () => {
      const [before, after] = sizes as [Size, Size];
      return {
        moreDescriptors: after.descriptors - before.descriptors,
        moreMemory: Math.round(after.memory - before.memory),
      };
    },
  });
}
