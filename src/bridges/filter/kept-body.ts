import { ByteCollector } from "../../protocol/byte-collector.js";
import type { BodyPiece, PieceSource } from "../../body/pieces.js";

/** How a streamed body is kept. */
export interface Keeping {
  /** The largest body that is kept, in bytes. */
  readonly limit: number;
  /** Receives the complete body, before its end is reported to the reader, and its first piece. */
  keep(body: Buffer, firstPiece: BodyPiece | undefined): Promise<void>;
}

/**
 * A streamed body that is collected while it is sent. It is pulled piece by piece, no faster than without; a body that
 * grows too large, fails or is stopped early is not kept.
 *
 * Not a generator: its return() would wait for a pending piece.
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
    // An invalid piece fails when it is sent.
    const length = isPiece ? Buffer.byteLength(piece) : Infinity;
    if (collected.length + length > this.#keeping.limit) {
      this.#collected = undefined;
      return;
    }
    this.#firstPiece ??= piece;
    collected.push(Buffer.from(piece as string));
  }
}

/** A copy in memory of its own: a part of a larger buffer would keep all of it alive. */
export function exactly(bytes: string | Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(Buffer.byteLength(bytes));
  if (typeof bytes === "string") own.write(bytes);
  else own.set(bytes);
  return own;
}
