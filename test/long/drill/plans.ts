import { Random } from "../fuzz/random.js";
import { Control } from "./control.js";
import type { Drill, Plan } from "./drill.js";
import { sharesOf, timesToReplace } from "./figures.js";
import type { Breakage } from "./releases.js";

/** Before the first event of a plan, and after the last; ms. */
const MARGIN = 1_000;
/** For how long orphaned workers have to serve; ms. */
const ORPHANED = 10_000;
/** How long it may take until each killed worker is replaced; ms. */
const REPLACE_LIMIT = 20_000;
/** How long a new master may take until its workers serve alone; ms. */
const TAKE_OVER_LIMIT = 20_000;
/** How long it may take until workers that leak were replaced; ms. */
const RECYCLE_LIMIT = 60_000;
/** How long a hung worker may take to be found; ms. */
const HUNG_LIMIT = 15_000;

/** How often a target is reloaded. */
export interface ReloadsOptions {
  readonly count: number;
  /** The least time between two reloads; ms. */
  readonly every?: number;
  /** What is wrong with every fourth release, one after the other. */
  readonly broken?: readonly Breakage[];
}

/** Reloads a target again and again. */
export function reloads({ count, every = 1_000, broken = [] }: ReloadsOptions): Plan {
  return async (drill) => {
    await drill.goOn(MARGIN);
    for (let number = 0; number < count; number += 1) {
      const begun = performance.now();
      const breakage = number % 4 === 3 ? broken[(number >> 2) % broken.length] : undefined;
      await (breakage === undefined ? drill.reload() : drill.reloadBroken(breakage));
      await drill.goOn(Math.max(0, begun + every - performance.now()));
    }
    await drill.goOn(MARGIN);
  };
}

/** Reloads a target, and in turn starts the same processes without taking over. */
export function reloadsAndControls({ count, every = 2_000 }: ReloadsOptions): Plan {
  return async (drill) => {
    const control = new Control(drill.target);
    try {
      await control.run();
      await drill.goOn(MARGIN);
      for (let number = 0; number < 2 * count; number += 1) {
        const begun = performance.now();
        if (number % 2 === 0) await drill.reload();
        else {
          drill.note({ kind: "control", at: begun });
          await control.run();
        }
        await drill.goOn(Math.max(0, begun + every - performance.now()));
      }
      await drill.goOn(MARGIN);
    } finally {
      await control.stop();
    }
  };
}

/** Kills random workers. */
export function workerKills({ every, time }: { readonly every: number; readonly time: number }): Plan {
  return async (drill) => {
    const random = new Random(13);
    await drill.goOn(MARGIN);
    const end = performance.now() + time;
    while (performance.now() < end) {
      drill.kill(random.pick(drill.serving));
      await drill.goOn(every);
    }
    await drill.until(
      () => timesToReplace(drill.load.samples, drill.moments).every((time) => time !== undefined),
      REPLACE_LIMIT,
    );
    await drill.goOn(MARGIN);
  };
}

/** When the master is killed. */
export interface MasterKillOptions {
  /** How long after the start of a reload, in ms; not in a reload if not given. */
  readonly intoReload?: number | undefined;
  /** For how long the orphans serve; ms. */
  readonly orphaned?: number;
}

/** Kills the master, lets its workers serve on, and starts the next one. */
export function masterKill({ intoReload, orphaned = ORPHANED }: MasterKillOptions): Plan {
  return async (drill) => {
    await drill.goOn(MARGIN);
    const reloading = intoReload === undefined ? undefined : drill.beginReload();
    await drill.goOn(intoReload ?? 0);
    drill.note({ kind: "master killed", at: performance.now() });
    process.kill(drill.target.master.pid, "SIGKILL");
    await reloading;
    await drill.goOn(orphaned);
    const orphans = new Set(drill.target.processes.map(({ pid }) => pid));
    drill.note({ kind: "next master", at: performance.now() });
    drill.target.startMaster();
    await drill.until(
      () => !drill.target.processes.some(({ pid, isZombie }) => orphans.has(pid) && !isZombie),
      TAKE_OVER_LIMIT,
    );
    await drill.goOn(MARGIN);
  };
}

/** Lets a worker spin, and waits until the log says where. */
export function hang(spinner: RegExp): Plan {
  return async (drill) => {
    await drill.goOn(MARGIN);
    const at = performance.now();
    const spinning = drill.load.ask("spin");
    const isFound = await drill.until(() => spinner.test(drill.target.output), HUNG_LIMIT);
    if (isFound) drill.note({ kind: "hang found", at: performance.now(), after: performance.now() - at });
    await spinning;
    await drill.goOn(MARGIN);
  };
}

/** Lets the load go on until so many processes have answered, one after another. */
export function untilProcesses(count: number): Plan {
  return async (drill) => {
    await drill.until(() => sharesOf(drill.load.samples).length >= count, RECYCLE_LIMIT);
    await drill.goOn(MARGIN);
  };
}

/** Lets the load go on, without anything else. */
export function nothing(time: number): Plan {
  return (drill: Drill) => drill.goOn(time);
}
