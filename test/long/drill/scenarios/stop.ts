import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { reloads } from "../plans.js";
import { RunningTarget } from "../running-target.js";
import type { Findings, Scenario } from "../scenario.js";
import { heldSocket } from "../targets/held-socket.js";
import { tricorn } from "../targets/tricorn.js";
import { drillScenario, type DrillScenario } from "./common.js";

/** From what a target is stopped. */
type Situation = "start" | "reload" | "crash";

interface StopOptions {
  readonly situation: Situation;
  /** How long after it; ms. */
  readonly after: readonly number[];
}

/** Stops a target while its workers are just starting, at different moments. */
function stopScenario({ situation, after }: StopOptions): Scenario {
  return {
    group: "stop",
    name: `stop ${after.join(", ")} ms after a ${situation}`,
    limits: { processesLeft: 0, filesLeft: 0 },
    run: async ({ programs }): Promise<Findings> => {
      const left: string[] = [];
      const files: string[] = [];
      let longest = 0;
      for (const time of after) {
        const folder = mkdtempSync(join(tmpdir(), "tricorn-drill-"));
        try {
          const options = { folder, workers: 2, over: "unix", programs } as const;
          const target = await RunningTarget.start(
            tricorn,
            options,
            situation === "start" ? "at once" : "listens",
          );
          if (situation === "reload") await target.reload();
          if (situation === "crash") target.killWorker();
          await delay(time);
          const leftovers = await target.stop();
          left.push(...leftovers.processes.map((process) => `after ${time} ms: ${process}`));
          files.push(...leftovers.files.map((file) => `after ${time} ms: ${file}`));
          longest = Math.max(longest, leftovers.took);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      }
      const numbers = { processesLeft: left.length, filesLeft: files.length, longest: Math.round(longest) };
      return { numbers, facts: left.length + files.length > 0 ? { left, files } : {} };
    },
  };
}

const MOMENTS = [0, 50, 100, 200, 300, 400, 600, 800, 1_200];

/** Stops at bad moments, and a unit whose socket outlives its restarts. */
export function stopScenarios({ after = MOMENTS, restarts = 5 } = {}): Scenario[] {
  return [
    ...(["start", "reload", "crash"] as const).map((situation) => stopScenario({ situation, after })),
    // That a connection closes while nginx writes to it is rare where nothing else runs, but no program can exclude it.
    restartsOfUnit({ keep: 0, restarts, limits: { failed: 0 } }),
    restartsOfUnit({ keep: 16, restarts, idleLimits: { failed: 0 } }),
  ];
}

interface UnitOptions extends Pick<DrillScenario, "limits" | "idleLimits"> {
  readonly keep: number;
  readonly restarts: number;
}

function restartsOfUnit({ keep, restarts, limits, ...options }: UnitOptions): Scenario {
  return drillScenario({
    group: "stop",
    name: `${restarts} restarts of a socket unit at 30 requests a second, keep ${keep}`,
    target: heldSocket,
    workers: 1,
    keep,
    shape: { kind: "open", rate: 30 },
    plan: reloads({ count: restarts, every: 2_000 }),
    limits: { missingReleases: 0, processesLeft: 0, ...limits },
    ...options,
  });
}
