/** A view of less than this part of its memory is copied. */
const WASTE = 8;

/**
 * The bytes without the chunk that they were cut out of, where that is much larger: a peer that sends a little of what
 * is kept among much that is not would else make us hold all of it.
 */
export function compact(piece: Buffer): Buffer {
  return piece.length * WASTE < piece.buffer.byteLength ? Buffer.from(piece) : piece;
}

/**
 * The text without the one that it was cut out of, which V8 would keep as a whole: for what is kept of a request behind
 * its end.
 */
export function compactText(text: string): string {
  return Buffer.from(text).toString();
}
