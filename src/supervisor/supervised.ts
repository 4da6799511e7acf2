import type { EventEmitter } from "node:events";

import type { StopOptions } from "./drain.js";
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
  /** It was asked to stop, and serves on for so long before; ms. */
  readonly draining: [time: number];
  /** It stops. */
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
  /** The last twenty workers that did not start, crashed, were killed or were recycled, the newest one last. */
  readonly lastEnds: readonly WorkerEnd[];
  /** While it serves on before it stops, when it stops; ms since 1970. */
  readonly drainEndsAt: number | undefined;
  /** Whether it stops. */
  readonly isStopping: boolean;
  /** Asks the workers for their statistics; those that do not answer within `limit` ms, 1000 by default, have none. */
  report(limit?: number): Promise<readonly WorkerReport[]>;
  /** Whether a worker that serves answers within `limit` ms, 1000 by default. If the event loops of all hang, none does. */
  answers(limit?: number): Promise<boolean>;
  /**
   * Replaces the workers one after another by new ones, which load the program again. If one does not start, the old ones serve
   * on. A reload that is asked for during another one follows it; while the master drains, it fails. Never rejects.
   */
  reload(): Promise<ReloadOutcome>;
  /** Resolves when no old worker is left: those of earlier generations, and those that were recycled. */
  oldWorkersGone(): Promise<void>;
  /**
   * Stops: drains if it is to, then the workers finish their requests, and the sockets close. Another call ends the drain, and one
   * after that the workers. Resolves when it has stopped.
   */
  stop(options?: StopOptions): Promise<void>;
}
