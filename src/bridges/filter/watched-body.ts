import { Pieces, type BodyPiece, type PieceSource } from "../../body/pieces.js";

type Next<Piece> = Piece | undefined | Promise<Piece | undefined>;

/** A streamed body that reports its end, before its reader sees it; not if it fails or is stopped early. */
export function watchedBody(
  source: PieceSource<BodyPiece>,
  ended: () => Promise<undefined>,
): Pieces<BodyPiece> {
  const watch = <Piece>(next: Next<Piece>): Next<Piece> =>
    next instanceof Promise ? next.then((piece) => piece ?? ended()) : (next ?? ended());
  return new Pieces({
    next: () => watch(source.next()),
    ...(source.lend === undefined ? {} : { lend: () => watch(source.lend?.()) }),
    discard: (reason) => source.discard(reason),
  });
}
