const EMPTY = Buffer.alloc(0);

/** Collects pieces of bytes, which it copies, into one buffer. */
export class ByteCollector {
  #memory = EMPTY;
  /** How many bytes are held. */
  length = 0;

  /** Adds a piece. */
  push(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.#memory.length) {
      // The first piece is mostly the only one. Then doubling, so that each byte is copied a few times however many come.
      const larger = Buffer.allocUnsafe(Math.max(length, this.length === 0 ? 0 : 2 * this.#memory.length));
      larger.set(this.#memory.subarray(0, this.length));
      this.#memory = larger;
    }
    this.#memory.set(piece, this.length);
    this.length = length;
  }

  /** Takes all bytes as one buffer, without much unused memory around it. */
  take(): Buffer {
    const { length } = this;
    const memory = this.#memory;
    this.#memory = EMPTY;
    this.length = 0;
    return length === memory.length ? memory : Buffer.from(memory.subarray(0, length));
  }
}
