import type { MessageToMaster } from "./channel.js";
import { limitsOfOne, whyRecycle, type RecyclingLimits } from "./recycling.js";
import type { WorkerProcess } from "./worker-process.js";
import type { LeaveReason } from "./worker-state.js";

/** How often the workers are asked for their numbers; ms. */
const PULSE = 500;
/** Pulses without an answer after which the event loop of a worker hangs: within 10 s, and after its own report. */
const HUNG_PULSES = 14;

/** What is done about what the watch finds. */
export interface WatchHost {
  readonly processes: Iterable<WorkerProcess>;
  /** A worker has used up what it may. */
  usedUp(worker: WorkerProcess, why: LeaveReason): void;
  /** The workers have answered, or not in time. */
  asked(): void;
}

/** What a worker is asked. */
export interface Question {
  /** How long it may take to answer; ms. */
  readonly limit: number;
  /** Whether its active requests are listed. */
  readonly active: boolean;
}

/** Asks the workers for their numbers, and finds out which of them hang or have used up what they may. */
export class WorkerWatch {
  readonly #host: WatchHost;
  readonly #recycle: RecyclingLimits;
  readonly #limits = new WeakMap<WorkerProcess, RecyclingLimits>();
  /** Pulses in a row that a worker has not answered. */
  readonly #unanswered = new WeakMap<WorkerProcess, number>();
  /** Those that wait for a report, by its number. */
  readonly #asking = new Map<number, () => void>();
  #lastReport = 0;
  #pulse: NodeJS.Timeout | undefined;

  constructor(host: WatchHost, recycle: RecyclingLimits) {
    this.#host = host;
    this.#recycle = recycle;
  }

  /** Asks all workers from now on, twice a second. */
  start(): void {
    this.#pulse = setInterval(() => void this.#askAll(), PULSE);
  }

  stop(): void {
    clearInterval(this.#pulse);
  }

  /** A report has come. */
  reported(
    worker: WorkerProcess,
    { id, statistics, load }: MessageToMaster & { readonly kind: "report" },
  ): void {
    worker.statistics = statistics;
    worker.load = load;
    this.#asking.get(id)?.();
  }

  /** Resolves with whether the worker has sent its statistics before the limit was over. */
  ask(worker: WorkerProcess, { limit, active }: Question): Promise<boolean> {
    const id = (this.#lastReport += 1);
    return new Promise((resolve) => {
      const end = (hasAnswered: boolean): void => {
        clearTimeout(timer);
        this.#asking.delete(id);
        resolve(hasAnswered);
      };
      const timer = setTimeout(() => {
        worker.statistics = undefined;
        end(false);
      }, limit);
      this.#asking.set(id, () => end(true));
      worker.send({ kind: "report", id, active });
    });
  }

  async #askAll(): Promise<void> {
    const workers = [...this.#host.processes];
    const asked = workers.filter(mayHang);
    // Their requests are still counted.
    for (const worker of workers)
      if (worker.hasStopped) worker.send({ kind: "report", id: (this.#lastReport += 1), active: false });
    await Promise.all(asked.map((worker) => this.#check(worker)));
    this.#host.asked();
  }

  async #check(worker: WorkerProcess): Promise<void> {
    const hasAnswered = await this.ask(worker, { limit: PULSE, active: false });
    // Pulses, not time: a suspended machine is no reason to kill all workers.
    const unanswered = hasAnswered ? 0 : (this.#unanswered.get(worker) ?? 0) + 1;
    this.#unanswered.set(worker, unanswered);
    if (unanswered >= HUNG_PULSES && mayHang(worker))
      worker.kill(`its event loop has stood still for ${(HUNG_PULSES * PULSE) / 1000} s`);
    const why = this.#whyRecycle(worker);
    if (why !== undefined) this.#host.usedUp(worker, why);
  }

  /** Each reason is reported once: the replacement waits for its turn. */
  #whyRecycle(worker: WorkerProcess): LeaveReason | undefined {
    const { state, statistics, startedAt } = worker;
    if (state.kind !== "ready" || statistics === undefined) return undefined;
    const limits = this.#limits.get(worker) ?? limitsOfOne(this.#recycle, Math.random());
    const why = whyRecycle({ ...statistics, age: Date.now() - startedAt }, limits);
    this.#limits.set(worker, why === undefined ? limits : {});
    return why;
  }
}

/** Whether it has to answer: it serves, or was asked to leave and has not stopped yet, for which its successor waits. */
function mayHang({ state, hasStopped }: WorkerProcess): boolean {
  return state.kind === "ready" || (state.kind === "leaving" && !hasStopped);
}
