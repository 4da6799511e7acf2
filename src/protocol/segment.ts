import { BLOCK_SIZE, blocks } from "./block-pool.js";
import { ownCopy, ownMemory } from "./own-memory.js";

/** Fewer bytes waste most of a block. */
const BLOCK_FROM = 4 * 1024;
/** Pieces below this size are joined, so that many tiny records cost no more than their bytes. */
export const SMALL = 1024;
/** Small pieces are joined to segments of this size; bytes. */
const JOINED = 16 * 1024;

/**
 * Bytes that are held, in a block of the pool or in memory of their own. Exactly one owner uses it, and calls {@link own} or
 * {@link release} once at the end.
 */
export class Segment {
  #memory: Buffer;
  #length = 0;
  #inBlock: boolean;

  private constructor(memory: Buffer, inBlock: boolean) {
    this.#memory = memory;
    this.#inBlock = inBlock;
  }

  /** An empty segment that has room for bytes which have arrived, or for the first of them. */
  static for(bytes: number): Segment {
    const block = bytes < BLOCK_FROM ? undefined : blocks.take();
    return block === undefined
      ? new Segment(Buffer.allocUnsafeSlow(Math.min(bytes, BLOCK_SIZE)), false)
      : new Segment(block, true);
  }

  /** All bytes of several segments, which are released. */
  static join(segments: readonly Segment[]): Segment {
    const [only] = segments;
    if (segments.length === 1 && only !== undefined) return only;
    const bytes = ownMemory(segments.reduce((sum, { length }) => sum + length, 0));
    const joined = new Segment(bytes, false);
    for (const segment of segments) {
      bytes.set(segment.bytes, joined.#length);
      joined.#length += segment.length;
      segment.release();
    }
    return joined;
  }

  /** Bytes that it holds. */
  get length(): number {
    return this.#length;
  }

  /** A view of the bytes, valid until the segment is released. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Adds as many bytes as fit. Returns how many did. */
  push(piece: Uint8Array): number {
    if (this.#length + piece.length > this.#memory.length) this.#grow(piece.length);
    const count = Math.min(piece.length, this.#memory.length - this.#length);
    this.#memory.set(count < piece.length ? piece.subarray(0, count) : piece, this.#length);
    this.#length += count;
    return count;
  }

  /** Makes room for more small pieces. Doubling, so that each byte is copied a few times however many pieces come. */
  #grow(bytes: number): void {
    const { length } = this.#memory;
    if (this.#inBlock || bytes >= SMALL || length >= JOINED) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * length, this.#length + bytes));
    larger.set(this.bytes);
    this.#memory = larger;
  }

  /** The bytes in memory that nothing else uses; the segment is released. */
  own(): Buffer {
    if (!this.#inBlock && this.#length === this.#memory.length) return this.#memory;
    const own = ownCopy(this.bytes);
    this.release();
    return own;
  }

  /** Nothing reads the bytes any more. */
  release(): void {
    if (this.#inBlock) blocks.give(this.#memory);
    this.#inBlock = false;
  }

  /** The system may still read the bytes, and never says when it has: they are not used again. */
  abandon(): void {
    if (this.#inBlock) blocks.lose();
    this.#inBlock = false;
  }
}
