/** A piece of a streamed body; text is sent as UTF-8. */
export type BodyPiece = string | Uint8Array;

/** Where pieces of bytes come from. */
export interface PieceSource {
  /** The next piece, without a promise where it is there already; undefined behind the last. Nothing is read before. */
  next(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Nobody will read any further. */
  discard(): void;
}

/**
 * Pieces that are read when they are asked for, by one reader: a loop, or whoever answers with them and takes the source
 * itself, which costs a promise only for a piece that has not arrived.
 */
export class Pieces implements AsyncIterable<Uint8Array> {
  readonly #source: PieceSource;
  #taken = false;

  constructor(source: PieceSource) {
    this.#source = source;
  }

  /** The source of all pieces; it can be taken once. Throws a TypeError afterwards. */
  takeSource(): PieceSource {
    if (this.#taken) throw new TypeError("Cannot read pieces: they are being read already");
    this.#taken = true;
    return this.#source;
  }

  /** Leaving the loop early drops the rest. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const source = this.takeSource();
    try {
      for (let piece = await source.next(); piece !== undefined; piece = await source.next()) yield piece;
    } finally {
      source.discard();
    }
  }
}
