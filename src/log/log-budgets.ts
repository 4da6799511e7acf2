/** Lines of one kind per second. */
const LINES_PER_SECOND = 20;

/** Kinds with a budget of their own; all others share one, so that a peer cannot make up kinds. */
const MAX_KINDS = 256;

/** Fields that an admitted line adds to its own. */
export interface LeftOut {
  /** How many lines of its kind were left out since the last one; absent if none was. */
  readonly leftOut?: number;
}

const NONE_LEFT_OUT: LeftOut = {};

/**
 * Keeps peers from filling the log. It admits, of each kind, 20 lines a second from `warn` on that a peer can cause, counts
 * those beyond, and reports their number with the next line of the kind.
 */
export class LogBudgets {
  readonly #kinds = new Map<string, Budget>();

  /**
   * Admits a line, or counts it as left out.
   *
   * @param kind the line's code, or the name of what has failed
   * @returns the fields to add to the line, or undefined if it must not be written
   */
  admit(kind: string): LeftOut | undefined {
    let budget = this.#kinds.get(kind);
    if (budget === undefined) {
      const name = this.#kinds.size < MAX_KINDS ? kind : "";
      budget = this.#kinds.get(name) ?? new Budget();
      this.#kinds.set(name, budget);
    }
    return budget.spend();
  }
}

class Budget {
  #second = 0;
  #lines = 0;
  #suppressed = 0;

  spend(): LeftOut | undefined {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines > LINES_PER_SECOND) {
      this.#suppressed += 1;
      return undefined;
    }
    if (this.#suppressed === 0) return NONE_LEFT_OUT;
    const leftOut = this.#suppressed;
    this.#suppressed = 0;
    return { leftOut };
  }
}
