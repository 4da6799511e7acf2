import { ByteCollector } from "../../protocol/byte-collector.js";
import type { BodyPiece, PieceSource } from "../../body/pieces.js";

/** What becomes of a streamed body that was collected on its way. */
export interface Keeping {
  /** Bytes above which a body is not collected. */
  readonly limit: number;
  /** Is handed the whole body before its end is told, with the kind of its first piece. */
  keep(body: Buffer, firstPiece: BodyPiece | undefined): Promise<void>;
}

/**
 * A streamed body that is collected while it is sent. It is pulled piece by piece, no faster than without; a body that
 * grows too large, fails or is not wanted to its end is not kept.
 *
 * No generator: the return() of one waits for the piece that is under way, however long that takes.
 */
export class KeptBody implements AsyncIterableIterator<BodyPiece> {
  readonly #source: PieceSource<BodyPiece>;
  readonly #keeping: Keeping;
  #collected: ByteCollector | undefined = new ByteCollector();
  #firstPiece: BodyPiece | undefined;

  constructor(source: PieceSource<BodyPiece>, keeping: Keeping) {
    this.#source = source;
    this.#keeping = keeping;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<BodyPiece>> {
    const piece = await this.#source.next();
    if (piece !== undefined) {
      this.#collect(piece);
      return { done: false, value: piece };
    }
    const collected = this.#collected;
    this.#collected = undefined;
    if (collected !== undefined) await this.#keeping.keep(exactly(collected.take()), this.#firstPiece);
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<BodyPiece>> {
    this.#collected = undefined;
    this.#source.discard();
    return Promise.resolve({ done: true, value: undefined });
  }

  #collect(piece: BodyPiece): void {
    const collected = this.#collected;
    if (collected === undefined) return;
    const isPiece = typeof piece === "string" || piece instanceof Uint8Array;
    // What cannot be sent fails where it is sent.
    const length = isPiece ? Buffer.byteLength(piece) : Infinity;
    if (collected.length + length > this.#keeping.limit) {
      this.#collected = undefined;
      return;
    }
    this.#firstPiece ??= piece;
    collected.push(Buffer.from(piece as string));
  }
}

/** Bytes in memory of their own: a part of a larger piece of memory would keep all of it. */
export function exactly(bytes: string | Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(Buffer.byteLength(bytes));
  if (typeof bytes === "string") own.write(bytes);
  else own.set(bytes);
  return own;
}
