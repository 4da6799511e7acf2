import type { EventEmitter } from "node:events";

import type { ReloadOutcome, WorkerEnd, WorkerReport } from "./reports.js";

/** What happens under a master, with the arguments of the listeners. */
export interface SupervisedEvents {
  /** All workers of the first start are ready. */
  readonly ready: [];
  /** A worker was started, or its state has changed; without its statistics. */
  readonly worker: [report: WorkerReport];
  /** A reload has begun. */
  readonly reloading: [];
  /** A reload has ended, well or not. */
  readonly reloaded: [outcome: ReloadOutcome];
  /** It was asked to stop. */
  readonly stopping: [];
  /** All workers have ended, and the sockets are closed. */
  readonly stopped: [];
}

/** A program that runs in workers under a master in this process. */
export interface Supervised extends EventEmitter<SupervisedEvents> {
  /** Where the workers listen: `127.0.0.1:9000`, `unix:/run/app.sock`, `fd:0`. */
  readonly addresses: readonly string[];
  /** The workers now, in the order of their slots, without their statistics. */
  readonly workers: readonly WorkerReport[];
  /** How many workers are to serve. */
  readonly wanted: number;
  /** The last ten reloads, the newest one last. */
  readonly lastReloads: readonly ReloadOutcome[];
  /** The last twenty workers that crashed, were killed or were recycled, the newest one last. */
  readonly lastEnds: readonly WorkerEnd[];
  /** Whether it was asked to stop. */
  readonly isStopping: boolean;
  /** Asks the workers for their statistics; those that do not answer within `limit` ms, 1000 by default, have none. */
  report(limit?: number): Promise<readonly WorkerReport[]>;
  /** Whether a worker that serves answers within `limit` ms, 1000 by default. If the event loops of all hang, none does. */
  answers(limit?: number): Promise<boolean>;
  /**
   * Replaces the workers one after another by new ones, which load the program again. If one does not start, the old ones serve
   * on. A reload that is asked for during another one follows it. Never rejects.
   */
  reload(): Promise<ReloadOutcome>;
  /** Resolves when no old worker is left: those of earlier generations, and those that were recycled. */
  oldWorkersGone(): Promise<void>;
  /** Stops: the workers finish their requests, then the sockets close. A second call ends the workers at once. */
  stop(): Promise<void>;
}
