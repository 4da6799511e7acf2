import type { BodyPiece, PieceSource } from "../../body/pieces.js";

/** The most bytes of a stream to wait for, if only its end determines the variant. */
const MOST_BYTES = 1024 * 1024;

/** A collected body, or the source of all pieces of a longer one. */
export type Collected =
  | { readonly kind: "whole"; readonly content: Buffer }
  | { readonly kind: "begun"; readonly source: PieceSource<BodyPiece> };

/** Collects a body up to its end or one MiB. Rejects with the error of its producer. */
export async function collectStart(source: PieceSource<BodyPiece>): Promise<Collected> {
  const pieces: BodyPiece[] = [];
  for (let bytes = 0; bytes <= MOST_BYTES;) {
    const piece = await source.next();
    if (piece === undefined) return { kind: "whole", content: Buffer.concat(pieces.map(toBytes)) };
    pieces.push(piece);
    bytes += piece.length;
  }
  let at = 0;
  const next = (): ReturnType<PieceSource<BodyPiece>["next"]> =>
    at < pieces.length ? pieces[at++] : source.next();
  return { kind: "begun", source: { next, discard: (reason) => source.discard(reason) } };
}

function toBytes(piece: BodyPiece): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece) : piece;
}
