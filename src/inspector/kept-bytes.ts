const EMPTY = Buffer.alloc(0);

/** The beginning of a stream, up to a limit, and its whole length. */
export class KeptBytes {
  readonly #limit: number;
  #memory = EMPTY;
  #kept = 0;
  /** Bytes of the whole stream so far. */
  length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is kept: a view that later pieces do not change. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#kept);
  }

  /** Whether nothing is missing. */
  get isWhole(): boolean {
    return this.#kept === this.length;
  }

  /** Copies what fits of the next piece. Returns the bytes of memory that this took in addition. */
  push(piece: Uint8Array): number {
    const fits = piece.subarray(0, this.#limit - this.#kept);
    this.length += piece.length;
    const before = this.#memory.length;
    const needed = this.#kept + fits.length;
    if (needed > before) {
      const memory = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(needed, 2 * before)));
      this.#memory.copy(memory, 0, 0, this.#kept);
      this.#memory = memory;
    }
    this.#memory.set(fits, this.#kept);
    this.#kept = needed;
    return this.#memory.length - before;
  }
}
