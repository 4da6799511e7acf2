/** Lines of one kind that are logged in a second. */
const LINES_PER_SECOND = 20;

/** Keeps a peer from filling the log: what is too much in a second is counted, and told when the next line is due. */
export class LogBudget {
  #second = 0;
  #lines = 0;
  #suppressed = 0;

  /**
   * Whether a line may be written now.
   *
   * @returns how many lines were left out since the last one, or undefined where this one shall be left out too
   */
  spend(): number | undefined {
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
    const leftOut = this.#suppressed;
    this.#suppressed = 0;
    return leftOut;
  }
}
