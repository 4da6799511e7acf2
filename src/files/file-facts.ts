import type { BigIntStats } from "node:fs";

/** The state of a file at one moment. */
export interface FileFacts {
  /** Bytes. */
  readonly length: number;
  /** The last modification in whole seconds since the epoch, as in Last-Modified and FCGI_DATA_LAST_MOD. */
  readonly modified: number;
  /** The same in nanoseconds, with the precision of the file system. */
  readonly modifiedNs: bigint;
  /** Device and inode, which identify the file under any name. */
  readonly identity: string;
}

/** Converts the result of `stat`. */
export function factsOf({ size, mtimeMs, mtimeNs, dev, ino }: BigIntStats): FileFacts {
  return {
    length: Number(size),
    // Rounds down, even before 1970.
    modified: Math.floor(Number(mtimeMs) / 1000),
    modifiedNs: mtimeNs,
    identity: `${dev}:${ino}`,
  };
}

/** Whether two states are of the same file with, as far as they show, the same content. */
export function sameFile(a: FileFacts, b: FileFacts): boolean {
  return a.identity === b.identity && a.length === b.length && a.modifiedNs === b.modifiedNs;
}

/** The resolution of modification times in ns: the clock tick, or two seconds on some file systems. */
const TICK = 10_000_000n;
const COARSE_TICK = 2_000_000_000n;

/**
 * Whether any later change of a file will change its modification time, which is then a strong validator.
 *
 * @param now milliseconds since the epoch
 */
export function hasStrongTime({ modifiedNs }: FileFacts, now = Date.now()): boolean {
  const tick = modifiedNs % 1_000_000_000n === 0n ? COARSE_TICK : TICK;
  return BigInt(now) * 1_000_000n - modifiedNs >= tick;
}
