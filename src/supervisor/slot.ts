import { neverEarly } from "../server/never-early.js";
import { NO_CRASH, crash, delayOf, isLoop, type CrashLoop } from "./crash-loop.js";
import type { WorkerFailure } from "./reports.js";
import { withSyntaxErrorPlace } from "./syntax-error-place.js";
import type { WorkerProcess } from "./worker-process.js";
import { isStaying, type LeaveReason, type WorkerStateName } from "./worker-state.js";

/** What a slot needs of the master. */
export interface SlotHost {
  /** How long a worker may take until it is ready; ms. */
  readonly startLimit: number;
  readonly isStopping: boolean;
  /** Starts a process. */
  spawn(slot: number): WorkerProcess;
  /** Every worker that started a crash loop, once in each. */
  looping(slot: number, delay: number): void;
}

/** The place of one worker: the worker that serves, and the next one while it starts. */
export class Slot {
  readonly index: number;
  readonly #host: SlotHost;
  /** The worker that serves, or did until it was asked to leave. */
  current: WorkerProcess | undefined;
  /** The worker that is to serve. */
  next: WorkerProcess | undefined;
  #loop: CrashLoop = NO_CRASH;
  /** Whether a worker was ready: if the first one does not start, the master ends. */
  #hasServed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Starts and replacements, one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(index: number, host: SlotHost) {
    this.index = index;
    this.#host = host;
  }

  /** The worker that connections may go to; undefined if none can take them. */
  get receiver(): WorkerProcess | undefined {
    const { current, next } = this;
    // A prepared worker only waits until the old one has stopped to read.
    if (next?.state.kind === "prepared" && current?.state.kind !== "ready") return next;
    return current?.state.kind === "ready" ? current : undefined;
  }

  /** Starts a worker in an empty slot. Returns why it did not start. */
  start(): Promise<WorkerFailure | undefined> {
    return this.#inTurn(() => (this.current === undefined ? this.#bringUp() : Promise.resolve(undefined)));
  }

  /** Starts a new worker, then asks the old one to leave. Returns why the new one did not start; then the old one stays. */
  replace(why: LeaveReason): Promise<WorkerFailure | undefined> {
    return this.#inTurn(() => this.#bringUp(why));
  }

  /** A worker of this slot has ended, or leaves without being asked to. */
  lost(worker: WorkerProcess): void {
    if (worker !== this.current) return;
    this.current = undefined;
    // If the next one fails too, it starts another one.
    if (this.next !== undefined) return;
    const { readyAt } = worker;
    this.#loop = crash(this.#loop, readyAt === undefined ? 0 : performance.now() - readyAt);
    this.#startLater();
  }

  /** Starts no more workers. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #startLater(): void {
    if (this.#host.isStopping) return;
    const delay = delayOf(this.#loop);
    if (isLoop(this.#loop)) this.#host.looping(this.index, delay);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.start(), delay);
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  async #bringUp(why?: LeaveReason): Promise<WorkerFailure | undefined> {
    if (this.#host.isStopping) return STOPPING;
    clearTimeout(this.#timer);
    let worker: WorkerProcess;
    try {
      worker = this.#host.spawn(this.index);
    } catch (error) {
      return { sentence: (error as Error).message, details: [] };
    }
    this.next = worker;
    await this.#inTime(worker, "prepared");
    if (worker.state.kind === "prepared") {
      if (why !== undefined) await this.#stopCurrent(why);
      worker.send({ kind: "listen" });
      await this.#inTime(worker, "ready");
    }
    this.next = undefined;
    if (worker.state.kind === "ready") {
      this.#hasServed = true;
      this.current = worker;
      return undefined;
    }
    if (!this.#host.isStopping) await worker.reached("ended");
    const current = this.current;
    if (current === undefined || !isStaying(current.state)) {
      this.current = undefined;
      this.#loop = crash(this.#loop, 0);
      if (this.#hasServed) this.#startLater();
    }
    return this.#host.isStopping ? STOPPING : withSyntaxErrorPlace(worker.failure);
  }

  /** Waits until the worker has reached a state, and kills it if that takes too long. */
  async #inTime(worker: WorkerProcess, state: WorkerStateName): Promise<void> {
    const limit = this.#host.startLimit;
    const cancel = neverEarly(limit, () =>
      worker.kill(`it was not ready within ${limit / 1000} s; --start-limit changes that`),
    );
    await worker.reached(state);
    cancel();
  }

  /**
   * Asks the worker that serves to leave, and waits until it has confirmed that it begins no request more: so no answer of the old
   * program follows the first one of each new worker. One that hangs is killed by the watch; the other slots serve meanwhile.
   */
  async #stopCurrent(why: LeaveReason): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    current.leave(why);
    await Promise.race([current.stopped, current.reached("ended")]);
  }
}

const STOPPING: WorkerFailure = { sentence: "The supervisor is stopping", details: [] };
