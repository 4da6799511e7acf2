import type { BodyPiece, PieceSource } from "../../body/pieces.js";

/**
 * A streamed body of which somebody is told when it has come to its end, before its reader is; not where it fails or is not
 * wanted to the end. No generator: the return() of one waits for the piece that is under way.
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
