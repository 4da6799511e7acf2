import type { BodyPiece, PieceSource } from "../../body/pieces.js";

/**
 * A streamed body that reports its end, before its reader sees it; not if it fails or is stopped early. Not a generator:
 * its return() would wait for a pending piece.
 */
export class WatchedBody implements AsyncIterableIterator<BodyPiece> {
  readonly #source: PieceSource<BodyPiece>;
  readonly #ended: () => Promise<void>;

  constructor(source: PieceSource<BodyPiece>, ended: () => Promise<void>) {
    this.#source = source;
    this.#ended = ended;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<BodyPiece>> {
    const piece = await this.#source.next();
    if (piece !== undefined) return { done: false, value: piece };
    await this.#ended();
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<BodyPiece>> {
    this.#source.discard();
    return Promise.resolve({ done: true, value: undefined });
  }
}
