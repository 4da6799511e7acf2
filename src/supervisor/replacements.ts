import type { Logger } from "pino";

import { exist, realPaths, type ProgramPaths } from "./program-path.js";
import type { ReloadOutcome, WorkerFailure } from "./reports.js";
import type { Slot } from "./slot.js";
import type { WorkerProcess } from "./worker-process.js";
import type { LeaveReason } from "./worker-state.js";

/** Reloads that are remembered. */
const MOST_RELOADS = 10;

const DRAINING: WorkerFailure = { sentence: "The supervisor drains, and then stops", details: [] };

/** Who hears of reloads. */
export interface ReplacementsHost {
  readonly isStopping: boolean;
  readonly isDraining: boolean;
  reloading(): void;
  reloaded(outcome: ReloadOutcome): void;
}

/** What is replaced. */
export interface ReplacementsParts {
  readonly slots: readonly Slot[];
  readonly program: ProgramPaths;
  readonly log: Logger;
}

/** Replaces workers that serve, one after another: all of them by a new version of the program, or one that has used up what it may. */
export class Replacements {
  readonly #host: ReplacementsHost;
  readonly #parts: ReplacementsParts;
  readonly #reloads: ReloadOutcome[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #waitingReload: Promise<ReloadOutcome> | undefined;
  /** Where the links of the program led when all workers last started. */
  #lastGood: ProgramPaths | undefined;
  #isReloading = false;
  #generation = 0;

  constructor(host: ReplacementsHost, parts: ReplacementsParts) {
    this.#host = host;
    this.#parts = parts;
  }

  /** Counts the reloads. */
  get generation(): number {
    return this.#generation;
  }

  get isReloading(): boolean {
    return this.#isReloading;
  }

  /** The last reloads, the newest one last. */
  get lastReloads(): readonly ReloadOutcome[] {
    return this.#reloads;
  }

  /** What the next worker loads. Only a reload brings a new version: others load the one that serves, if it has a path of its own. */
  get paths(): ProgramPaths {
    const { script, directory } = this.#parts.program;
    const isPinned = !this.#isReloading && this.#lastGood !== undefined && exist(this.#lastGood);
    return isPinned ? this.#lastGood! : { script, directory };
  }

  /** Starts the first workers. Returns why they did not start. */
  async start(): Promise<readonly (WorkerFailure | undefined)[]> {
    const paths = realPaths(this.#parts.program);
    const failures = await Promise.all(this.#parts.slots.map((slot) => slot.start()));
    if (failures.every((failure) => failure === undefined)) this.#lastGood = paths;
    return failures;
  }

  /** See `Supervised.reload`. */
  reload(): Promise<ReloadOutcome> {
    if (this.#host.isDraining) return Promise.resolve(this.#refuse());
    // One that has not begun loads what is there when it begins.
    return (this.#waitingReload ??= this.#inTurn(() => {
      this.#waitingReload = undefined;
      return this.#reload();
    }));
  }

  /** Replaces one worker. */
  recycle(worker: WorkerProcess, why: LeaveReason): Promise<void> {
    const { slots, log } = this.#parts;
    const slot = slots[worker.slot];
    return this.#inTurn(async () => {
      if (slot === undefined || slot.current !== worker || this.#host.isStopping) return;
      log.info({ worker: worker.pid, why }, "Replacing a worker");
      const failure = await slot.replace(why);
      if (failure !== undefined)
        log.error({ details: failure.details }, `Cannot replace a worker: ${failure.sentence}`);
    });
  }

  /** Workers of a new version would only stop. */
  #refuse(): ReloadOutcome {
    this.#parts.log.error(`Cannot reload: ${DRAINING.sentence}`);
    const generation = this.#generation;
    return { startedAt: Date.now(), took: 0, generation, replaced: 0, failure: DRAINING };
  }

  async #reload(): Promise<ReloadOutcome> {
    const { slots, program, log } = this.#parts;
    const [startedAt, begin] = [Date.now(), performance.now()];
    this.#generation += 1;
    this.#isReloading = true;
    const paths = realPaths(program);
    this.#host.reloading();
    log.info({ generation: this.#generation }, "Reloading");
    let replaced = 0;
    let failure: WorkerFailure | undefined;
    for (const slot of slots) {
      failure = await slot.replace("reload");
      if (failure !== undefined) break;
      replaced += 1;
    }
    this.#isReloading = false;
    if (failure === undefined) this.#lastGood = paths;
    const took = Math.round(performance.now() - begin);
    const outcome = { startedAt, took, generation: this.#generation, replaced, failure };
    this.#reloads.push(outcome);
    if (this.#reloads.length > MOST_RELOADS) this.#reloads.shift();
    if (failure === undefined) log.info({ took, workers: replaced }, "Reloaded");
    else log.error({ replaced, details: failure.details }, `Cannot reload: ${failure.sentence}`);
    this.#host.reloaded(outcome);
    return outcome;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(run);
    this.#turn = result.catch(() => {});
    return result;
  }
}
