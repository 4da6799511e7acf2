import { reloads } from "../plans.js";
import type { Scenario } from "../scenario.js";
import { drillScenario } from "./common.js";

/** One of the cells in which a reload has to be unnoticed. */
export interface ReloadCell {
  readonly workers: 2 | 4;
  readonly keep: 0 | 16 | 64;
  readonly over: "unix" | "tcp";
  readonly count: number;
  readonly run?: number;
}

/** Reloads in one cell. */
export function reloadCell({ count, run, ...cell }: ReloadCell): Scenario {
  const name = `${count} reloads, ${cell.workers} workers, keep ${cell.keep}, ${cell.over}`;
  return drillScenario({
    group: "reload",
    name: run === undefined ? name : `${name}, run ${run}`,
    ...cell,
    plan: reloads({ count }),
  });
}

/** All cells: one with many reloads, three times; the others with fewer. */
export function reloadScenarios({ many = 100, few = 10 } = {}): Scenario[] {
  const main = { workers: 2, keep: 16, over: "unix" } as const;
  const cells = ([2, 4] as const).flatMap((workers) =>
    ([0, 16, 64] as const).flatMap((keep) =>
      (["unix", "tcp"] as const).map((over) => ({ workers, keep, over })),
    ),
  );
  return [
    ...[1, 2, 3].map((run) => reloadCell({ ...main, count: many, run })),
    ...cells
      .filter(
        ({ workers, keep, over }) => workers !== main.workers || keep !== main.keep || over !== main.over,
      )
      .map((cell) => reloadCell({ ...cell, count: few })),
  ];
}
