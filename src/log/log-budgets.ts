/** Lines of one kind that are logged in a second. */
const LINES_PER_SECOND = 20;

/** Kinds that have a budget of their own; further ones share one, so that a peer cannot make up kinds. */
const MAX_KINDS = 256;

/** What a line tells beside its own facts. */
export interface LeftOut {
  /** How many lines of its kind were left out since the last one; absent for none. */
  readonly leftOut?: number;
}

const nothing: LeftOut = {};

/**
 * Keeps peers from filling the log. Every line from `warn` on that a peer can cause is admitted here first: 20 a second of
 * each kind. What is too much is counted, and told with the next line of its kind.
 */
export class LogBudgets {
  readonly #kinds = new Map<string, Budget>();

  /**
   * Whether a line may be written now.
   *
   * @param kind the code of the line, or the name of what has failed
   * @returns what the line has to tell too, or undefined where it is to be left out
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
    if (this.#suppressed === 0) return nothing;
    const leftOut = this.#suppressed;
    this.#suppressed = 0;
    return { leftOut };
  }
}
