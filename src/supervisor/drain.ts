import { neverEarly } from "../server/never-early.js";

/** What a master may do when it is asked to stop. */
export interface StopOptions {
  /**
   * For how long it serves on before it stops, in ms, while `/ping` is 503: load balancers notice, and send it nothing more. By
   * default what `supervise` was given, the first time; 0 ends a drain.
   */
  readonly drain?: number | undefined;
}

/** How far a master has come. */
export type MasterPhase = "starting" | "serving" | "draining" | "stopping";

/** What is done about a request to stop. */
export type StopStep =
  | { readonly kind: "drain"; readonly time: number }
  | { readonly kind: "stop" }
  /** The workers end at once. */
  | { readonly kind: "kill" }
  /** It stops already, and who asks for a drain is in no hurry. */
  | { readonly kind: "wait" };

/**
 * The next step of a master that is asked to stop: it drains, stops, and ends its workers at once, each time one step further, unless a
 * drain is asked for by its length.
 *
 * @param usual the drain if none is asked for; ms
 */
export function stopStep(
  phase: MasterPhase,
  { drain, usual }: StopOptions & { readonly usual: number },
): StopStep {
  const time = drain ?? (phase === "serving" ? usual : 0);
  switch (phase) {
    // Nothing is sent to it yet.
    case "starting":
      return { kind: "stop" };
    case "serving":
    case "draining":
      return time > 0 ? { kind: "drain", time } : { kind: "stop" };
    case "stopping":
      return { kind: time > 0 ? "wait" : "kill" };
    default:
      return phase satisfies never;
  }
}

/** The time for which a master serves on that is to stop. */
export class Drain {
  readonly #isOver: () => void;
  #cancel = (): void => {};
  #endsAt = 0;

  constructor(isOver: () => void) {
    this.#isOver = isOver;
  }

  /** When it ends; ms since 1970. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** It ends after so many ms from now. */
  last(time: number): void {
    this.#cancel();
    this.#endsAt = Date.now() + time;
    this.#cancel = neverEarly(time, this.#isOver);
  }

  /** It is over, without a call of `isOver`. */
  end(): void {
    this.#cancel();
  }
}
