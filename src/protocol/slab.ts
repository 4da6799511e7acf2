const SLAB_SIZE = 64 * 1024;

/**
 * Memory for small output, which all writers of the process share. It is filled from start to end, and again from the start
 * once all that was written to it has been sent.
 */
export class Slab {
  readonly memory = Buffer.allocUnsafeSlow(SLAB_SIZE);
  used = 0;
  /** Bytes that were not sent yet, or of which that is not known. */
  unsent = 0;
}

/** The slab that is being filled. */
let slab = new Slab();

/** The slab that has room for some bytes more. */
export function slabFor(bytes: number): Slab {
  if (slab.used + bytes > SLAB_SIZE) slab = new Slab();
  return slab;
}
