/** Bytes of an element of an array. */
const ELEMENT = 8;
/** The largest array that V8 puts among the young objects, in elements. */
const MOST_ELEMENTS = 8 * 1024;
/** Less memory than this comes with other young objects that are worth as much; bytes. */
const PACED_FROM = 4 * 1024;

/** Keeps the last array, so that no compiler leaves the allocation out. */
const wasted: { last: unknown[] } = { last: [] };

/**
 * Has V8 collect young objects in time, after a handler got or made memory outside of the heap.
 *
 * V8 frees such memory together with the young objects that own it, and collects those when they fill their part of the
 * heap. The object of 64 KiB is small: 16 MiB of bodies gather before that, which is when V8 collects the whole heap instead,
 * 8 to 50 ms each time (Node.js 20). So as much heap is taken as memory outside of it, and wasted: the collections of young
 * objects then come early enough, and cost less than 1 ms.
 */
export function paceCollections(bytes: number): void {
  if (bytes < PACED_FROM) return;
  for (let left = bytes / ELEMENT; left > 0; left -= MOST_ELEMENTS)
    // oxlint-disable-next-line unicorn/no-new-array -- only the memory of an array of this length is wanted
    wasted.last = new Array<unknown>(Math.min(left, MOST_ELEMENTS) | 0);
}

/** Returns memory with arbitrary content that nothing else uses, for what a handler can see and keep. */
export function ownMemory(bytes: number): Buffer {
  paceCollections(bytes);
  return Buffer.allocUnsafeSlow(bytes);
}

/** Copies bytes into memory that nothing else uses. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const own = ownMemory(bytes.length);
  own.set(bytes);
  return own;
}
