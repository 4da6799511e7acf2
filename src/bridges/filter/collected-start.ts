import type { BodyPiece, PieceSource } from "../../body/pieces.js";

/** Most bytes of a stream to wait for when only its end determines the variant. */
const MOST = 1024 * 1024;

/** A streamed body as far as it was collected: all of it, or its beginning and what follows, as a body of the same pieces. */
export type Collected =
  | { readonly kind: "whole"; readonly content: Buffer }
  | { readonly kind: "begun"; readonly source: PieceSource<BodyPiece> };

/** Collects a body to its end, or until there is more than is waited for. Rejects with what its producer fails with. */
export async function collectStart(source: PieceSource<BodyPiece>): Promise<Collected> {
  const pieces: BodyPiece[] = [];
  for (let bytes = 0; bytes <= MOST;) {
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
