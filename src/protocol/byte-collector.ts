/** So many pieces are held before they are joined: a peer that sends single bytes cannot make a list of them. */
const MAX_PIECES = 64;

const NOTHING = Buffer.alloc(0);

/** Collects pieces of bytes to be taken as one; joins them in batches, never per piece. */
export class ByteCollector {
  /** The first piece, which is mostly the only one. */
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  /** How many bytes are held. */
  length = 0;

  /** Adds a piece, which is kept as a view. */
  push(piece: Buffer): void {
    this.length += piece.length;
    if (this.#first === undefined) {
      this.#first = piece;
    } else if (this.#more === undefined) {
      this.#more = [piece];
    } else {
      this.#more.push(piece);
      if (this.#more.length === MAX_PIECES) this.#more = [Buffer.concat(this.#more)];
    }
  }

  /** Hands out all bytes as one buffer and is empty afterwards. */
  take(): Buffer {
    const first = this.#first ?? NOTHING;
    const taken = this.#more === undefined ? first : Buffer.concat([first, ...this.#more]);
    this.#first = undefined;
    this.#more = undefined;
    this.length = 0;
    return taken;
  }
}
