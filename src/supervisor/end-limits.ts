import type { WorkerProcess } from "./worker-process.js";

/** How long a worker may take for its stop hooks, after its requests; ms. */
const STOP_HOOKS_LIMIT = 10_000;
/** The longest time of a timer; setTimeout takes a longer one for none. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How long the requests of a worker may take that has not said; ms. */
const UNKNOWN_SHUTDOWN = 0;

/** Kills the workers that were asked to leave, and do not end in time. */
export class EndLimits {
  readonly #shutdowns = new WeakMap<WorkerProcess, number>();
  readonly #timers = new Map<WorkerProcess, NodeJS.Timeout>();

  /** A worker has said how long its requests may take once it is asked to leave; ms. */
  prepared(worker: WorkerProcess, shutdown: number): void {
    this.#shutdowns.set(worker, shutdown);
  }

  /** A worker was asked to leave, or leaves by itself. */
  left(worker: WorkerProcess): void {
    const shutdown = this.#shutdowns.get(worker) ?? UNKNOWN_SHUTDOWN;
    const limit = Math.min(shutdown + STOP_HOOKS_LIMIT, LONGEST_TIMER);
    const timer = setTimeout(() => worker.kill(`it did not end within ${limit / 1000} s`), limit);
    this.#timers.set(worker, timer);
  }

  /** A worker has ended. */
  ended(worker: WorkerProcess): void {
    clearTimeout(this.#timers.get(worker));
    this.#timers.delete(worker);
  }
}
