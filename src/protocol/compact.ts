/** A view of less than one part in this many of its memory is copied. */
const WASTE = 8;

/**
 * Copies the bytes if the chunk that they are a view of is much larger: a peer that sends few kept bytes among many others
 * would otherwise make us hold them all.
 */
export function compact(piece: Buffer): Buffer {
  return piece.length * WASTE < piece.buffer.byteLength ? Buffer.from(piece) : piece;
}

/**
 * Copies a text that is kept after its request has ended: V8 would otherwise keep the text that it was sliced from.
 */
export function compactText(text: string): string {
  return Buffer.from(text).toString();
}
