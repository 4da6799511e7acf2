/** Bytes of an element of an array. */
const ELEMENT = 8;
/** The largest array that V8 puts among the young objects, in elements. */
const MOST_ELEMENTS = 8 * 1024;
/** Less memory than this comes with other young objects that are worth as much; bytes. */
const PACED_FROM = 4 * 1024;

/** Keeps the last array, so that no compiler leaves the allocation out. */
const wasted: { last: unknown[] } = { last: [] };

/**
 * Returns memory with arbitrary content that nothing else uses, for what a handler can see and keep.
 *
 * V8 frees memory outside of the heap together with the young objects that own it, and collects those when they fill their
 * part of the heap. The object of 64 KiB is small: 16 MiB of bodies gather before that, which is when V8 collects the
 * whole heap instead, 8 to 50 ms each time (Node.js 20). So as much heap is taken with the memory, and wasted: the
 * collections of young objects then come early enough, and cost less than 1 ms.
 */
export function ownMemory(bytes: number): Buffer {
  if (bytes >= PACED_FROM) {
    for (let left = bytes / ELEMENT; left > 0; left -= MOST_ELEMENTS)
      // oxlint-disable-next-line unicorn/no-new-array -- only the memory of an array of this length is wanted
      wasted.last = new Array<unknown>(Math.min(left, MOST_ELEMENTS) | 0);
  }
  return Buffer.allocUnsafeSlow(bytes);
}
