import type { Segment } from "../protocol/segment.js";

/** A piece of a streamed body; text is sent as UTF-8. */
export type BodyPiece = string | Uint8Array;

/** Produces the pieces of a body one by one, each when it is asked for. */
export interface PieceSource<Piece extends BodyPiece = Uint8Array> {
  /** Returns the next piece, without a promise if it has already arrived, or undefined after the last one. */
  next(): Piece | undefined | Promise<Piece | undefined>;
  /** The same in bytes that the caller hides and releases soon, if the source can lend them: that saves a copy. */
  lend?(): Segment | undefined | Promise<Segment | undefined>;
  /** Drops the rest. Never throws or rejects. */
  discard(reason?: unknown): void;
}

/**
 * The pieces of a body, read on demand and once: in a loop, or by a reply that takes the source itself, which needs a
 * promise only for a piece that has not arrived.
 */
export class Pieces<Piece extends BodyPiece = Uint8Array> implements AsyncIterable<Piece> {
  readonly #source: PieceSource<Piece>;
  #taken = false;

  constructor(source: PieceSource<Piece>) {
    this.#source = source;
  }

  /** Returns the source of all pieces. Throws a TypeError the second time. */
  takeSource(): PieceSource<Piece> {
    if (this.#taken) throw new TypeError("Cannot read pieces: they are already being read");
    this.#taken = true;
    return this.#source;
  }

  /** Leaving the loop early drops the rest. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Piece, void, undefined> {
    const source = this.takeSource();
    try {
      for (let piece = await source.next(); piece !== undefined; piece = await source.next()) yield piece;
    } finally {
      source.discard();
    }
  }
}
