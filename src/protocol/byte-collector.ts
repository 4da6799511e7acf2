import { compact } from "./compact.js";

/** So many pieces are held before they are joined: a peer that sends single bytes cannot make a list of them. */
const MAX_PIECES = 64;

const NOTHING = Buffer.alloc(0);

/** Collects pieces of bytes to be taken as one; joins them in batches, never per piece. */
export class ByteCollector {
  /** The first piece, which is mostly the only one. */
  #first: Buffer | undefined;
  /**
   * The others, at index n those that were joined n times. A batch is joined with its equals only, so that however many
   * pieces come, each byte is copied a few times and not once for each batch behind it.
   */
  #batches: Buffer[][] | undefined;
  /** How many bytes are held. */
  length = 0;

  /** Adds a piece, which is kept as a view where that is no waste. */
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

  /** Hands out all bytes as one buffer and is empty afterwards. */
  take(): Buffer {
    const first = this.#first ?? NOTHING;
    const taken =
      this.#batches === undefined ? first : Buffer.concat([first, ...this.#batches.reverse().flat()]);
    this.#first = undefined;
    this.#batches = undefined;
    this.length = 0;
    return taken;
  }
}
