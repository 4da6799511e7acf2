/** Each time that a worker has served for this long makes up for one short life; ms. */
const LONG_LIFE = 2_000;
/** One that has served for this long is replaced at once, even in a loop: a wait would only keep requests waiting; ms. */
const WORTH_A_START = 1_000;
const FIRST_DELAY = 100;
const LONGEST_DELAY = 10_000;
/** Short lives from which on it is a loop. */
const LOOP = 3;

/** The short lives of the workers of one slot that no longer one has made up for. */
export interface CrashLoop {
  readonly shortLives: number;
  /** For how long the last one was ready; ms. */
  readonly served: number;
}

/** No worker has ended. */
export const NO_CRASH: CrashLoop = { shortLives: 0, served: 0 };

/** A worker has ended without being asked to. @param served for how long it was ready; ms, 0 if it never was */
export function crash({ shortLives }: CrashLoop, served: number): CrashLoop {
  return { shortLives: Math.max(0, shortLives + 1 - Math.floor(served / LONG_LIFE)), served };
}

/** How long to wait before the next worker is started; ms. The first two are replaced at once. */
export function delayOf({ shortLives, served }: CrashLoop): number {
  return shortLives < LOOP || served >= WORTH_A_START
    ? 0
    : Math.min(FIRST_DELAY * 2 ** (shortLives - LOOP), LONGEST_DELAY);
}

/** Whether workers end as fast as they start. */
export function isLoop({ shortLives }: CrashLoop): boolean {
  return shortLives >= LOOP;
}
