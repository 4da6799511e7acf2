import { compact } from "./compact.js";

/** Pieces that are held before they are joined: a peer that sends single bytes must not make a long list. */
const MAX_PIECES = 64;

const EMPTY = Buffer.alloc(0);

/** Collects pieces of bytes into one buffer; joins them in batches, never one by one. */
export class ByteCollector {
  /** The first piece, which is mostly the only one. */
  #first: Buffer | undefined;
  /**
   * The others; at index n those that were joined n times. A batch is only joined with its equals, so that each byte is
   * copied a few times however many pieces come.
   */
  #batches: Buffer[][] | undefined;
  /** How many bytes are held. */
  length = 0;

  /** Adds a piece, which is kept as a view unless that wastes memory. */
  push(piece: Buffer): void {
    this.length += piece.length;
    if (this.#first === undefined) {
      this.#first = piece;
      return;
    }
    const batches = (this.#batches ??= []);
    let joined = compact(piece);
    for (let times = 0; ; times += 1) {
      const batch = (batches[times] ??= []);
      batch.push(joined);
      if (batch.length < MAX_PIECES) return;
      joined = Buffer.concat(batch);
      batch.length = 0;
    }
  }

  /** Takes all bytes as one buffer. */
  take(): Buffer {
    const first = this.#first ?? EMPTY;
    const taken =
      this.#batches === undefined ? first : Buffer.concat([first, ...this.#batches.reverse().flat()]);
    this.#first = undefined;
    this.#batches = undefined;
    this.length = 0;
    return taken;
  }
}
