import type { BodySource } from "../../body/body-source.js";
import type { BodyPiece } from "../../roles/reply.js";

/**
 * A streamed body of which somebody is told when it has come to its end, before its reader is; not where it fails or is not
 * wanted to the end. No generator: the return() of one waits for the piece that is under way.
 */
export class WatchedBody implements AsyncIterableIterator<BodyPiece> {
  readonly #source: BodySource;
  readonly #ended: () => Promise<void>;

  constructor(source: BodySource, ended: () => Promise<void>) {
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
    this.#source.stop();
    return Promise.resolve({ done: true, value: undefined });
  }
}
