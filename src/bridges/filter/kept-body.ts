import { ByteCollector } from "../../protocol/byte-collector.js";
import { Pieces, type BodyPiece, type PieceSource } from "../../body/pieces.js";

/** How a streamed body is kept. */
export interface Keeping {
  /** The largest body that is kept, in bytes. */
  readonly limit: number;
  /** Receives the complete body, before its end is reported to the reader, and its first piece. */
  keep(body: Buffer, firstPiece: BodyPiece | undefined): Promise<void>;
}

/** Text is encoded in parts of this many characters, so that lines of a file are not encoded one by one. */
const JOINED_CHARACTERS = 16 * 1024;

/**
 * A streamed body that is collected while it is sent. It is pulled piece by piece, no faster than without; a body that
 * grows too large, fails or is stopped early is not kept.
 */
export function keptBody(source: PieceSource<BodyPiece>, keeping: Keeping): Pieces<BodyPiece> {
  return new Pieces(new KeptSource(source, keeping));
}

class KeptSource implements PieceSource<BodyPiece> {
  readonly #source: PieceSource<BodyPiece>;
  readonly #keeping: Keeping;
  #collected: ByteCollector | undefined = new ByteCollector();
  /** Text that follows what is collected. */
  #text = "";
  /** Bytes of both. */
  #length = 0;
  #firstPiece: BodyPiece | undefined;

  constructor(source: PieceSource<BodyPiece>, keeping: Keeping) {
    this.#source = source;
    this.#keeping = keeping;
  }

  next(): BodyPiece | undefined | Promise<BodyPiece | undefined> {
    const next = this.#source.next();
    return next instanceof Promise ? next.then(this.#seen) : this.#seen(next);
  }

  discard(reason?: unknown): void {
    this.#collected = undefined;
    this.#source.discard(reason);
  }

  readonly #seen = (piece: BodyPiece | undefined): BodyPiece | Promise<undefined> => {
    if (piece === undefined) return this.#end();
    this.#collect(piece);
    return piece;
  };

  async #end(): Promise<undefined> {
    this.#encodeText();
    const body = this.#collected?.take();
    this.#collected = undefined;
    if (body === undefined) return undefined;
    const isExact = body.length === body.buffer.byteLength;
    await this.#keeping.keep(isExact ? body : exactly(body), this.#firstPiece);
    return undefined;
  }

  #collect(piece: BodyPiece): void {
    if (this.#collected === undefined) return;
    const isPiece = typeof piece === "string" || piece instanceof Uint8Array;
    // An invalid piece fails when it is sent.
    this.#length += isPiece ? Buffer.byteLength(piece) : Infinity;
    if (this.#length > this.#keeping.limit) {
      this.#collected = undefined;
      this.#text = "";
      return;
    }
    this.#firstPiece ??= piece;
    if (typeof piece === "string") {
      this.#text += piece;
      if (this.#text.length >= JOINED_CHARACTERS || endsWithin(piece)) this.#encodeText();
    } else {
      this.#encodeText();
      this.#collected.push(piece);
    }
  }

  #encodeText(): void {
    if (this.#text !== "") this.#collected?.push(Buffer.from(this.#text));
    this.#text = "";
  }
}

/** Whether a piece ends within a surrogate pair: it is sent as two characters, and so it must be kept. */
function endsWithin(piece: string): boolean {
  return (piece.charCodeAt(piece.length - 1) & 0xfc00) === 0xd800;
}

/** A copy in memory of its own: a part of a larger buffer would keep all of it alive. */
export function exactly(bytes: string | Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(Buffer.byteLength(bytes));
  if (typeof bytes === "string") own.write(bytes);
  else own.set(bytes);
  return own;
}
