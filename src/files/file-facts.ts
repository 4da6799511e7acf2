import type { BigIntStats } from "node:fs";

/** What a file was like at one moment. */
export interface FileFacts {
  /** Bytes. */
  readonly length: number;
  /** Last modification in whole seconds since the epoch, as Last-Modified and FCGI_DATA_LAST_MOD tell it. */
  readonly modified: number;
  /** The same in nanoseconds, as far as the file system keeps them. */
  readonly modifiedNs: bigint;
  /** Which file it was, whatever its name: device and inode. */
  readonly identity: string;
}

/** Reads them off what the system tells. */
export function factsOf({ size, mtimeMs, mtimeNs, dev, ino }: BigIntStats): FileFacts {
  return {
    length: Number(size),
    // Rounded down before 1970 too.
    modified: Math.floor(Number(mtimeMs) / 1000),
    modifiedNs: mtimeNs,
    identity: `${dev}:${ino}`,
  };
}

/** Whether nothing tells that it is another file, or has another content. */
export function sameFile(one: FileFacts, other: FileFacts): boolean {
  return (
    one.identity === other.identity && one.length === other.length && one.modifiedNs === other.modifiedNs
  );
}

/** Two changes in one tick of the system's clock leave one time, and of some file systems in two seconds; in ns. */
const TICK = 10_000_000n;
const COARSE_TICK = 2_000_000_000n;

/** Whether a file that changes from now on, in ms, will have another time than it has. */
export function isSettled({ modifiedNs }: FileFacts, now = Date.now()): boolean {
  const tick = modifiedNs % 1_000_000_000n === 0n ? COARSE_TICK : TICK;
  return BigInt(now) * 1_000_000n - modifiedNs >= tick;
}
