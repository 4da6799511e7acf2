import type { Logger } from "pino";

import type { WorkerEnd } from "./reports.js";
import type { WorkerProcess } from "./worker-process.js";
import type { EndedState } from "./worker-state.js";

/** Ends that are remembered. */
const MOST_ENDS = 20;

/** The last workers that ended otherwise than by a reload or a stop: those that did not start, crashed, were killed or were recycled. */
export class WorkerEnds {
  readonly #ends: WorkerEnd[] = [];
  /** Why workers were asked to leave, or were killed. */
  readonly #reasons = new WeakMap<object, string>();

  /** The newest one last. */
  get last(): readonly WorkerEnd[] {
    return this.#ends;
  }

  /** The state of a worker has changed. */
  changed(worker: Pick<WorkerProcess, "pid" | "slot" | "generation" | "startedAt" | "state">): void {
    const { pid, slot, generation, startedAt, state } = worker;
    if (state.kind === "leaving" || state.kind === "killed") this.#reasons.set(worker, state.why);
    if (state.kind !== "ended") return;
    const { code, signal, how } = state;
    const why = this.#reasons.get(worker);
    if (how === "left" && code === 0 && (why === "reload" || why === "stop")) return;
    const at = Date.now();
    this.#ends.push({ at, pid, slot, generation, age: at - startedAt, how, why, code, signal });
    if (this.#ends.length > MOST_ENDS) this.#ends.shift();
  }
}

/** Logs how a worker has ended, unless it was killed: that was logged. */
export function logEnd(
  log: Logger,
  { pid, state }: { readonly pid: number; readonly state: EndedState },
): void {
  const { code, signal, how } = state;
  const facts = { worker: pid, code, signal };
  if (how === "crashed") log.error(facts, "A worker has ended unasked; a new one starts");
  else if (how === "left" && code !== 0) log.warn(facts, "A worker has ended with an error");
  else if (how === "left") log.info({ worker: pid }, "A worker has left");
}
