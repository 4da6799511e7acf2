/** Remembers whether something has changed, until that is asked for. */
export class Changes {
  #isChanged = false;
  #notify: (() => void) | undefined;

  /** Something has changed. */
  add(): void {
    this.#isChanged = true;
    this.#notify?.();
  }

  /** Forgets the changes so far. Resolves with the next one. */
  next(): Promise<void> {
    this.#isChanged = false;
    return new Promise((resolve) => {
      this.#notify = resolve;
    });
  }

  /** Whether something has changed since the last {@link next}. */
  get isChanged(): boolean {
    return this.#isChanged;
  }
}
