const SECOND = 1_000;

/** What came since a rate was last taken. */
export interface RateInterval {
  readonly count: number;
  /** Its length; ms. */
  readonly elapsed: number;
}

/** Takes a rate anew: requests a second, as a moving average over about a second. */
export function movingRate(rate: number, { count, elapsed }: RateInterval): number {
  if (elapsed <= 0) return rate;
  const now = (count * SECOND) / elapsed;
  return rate + (now - rate) * Math.min(elapsed / SECOND, 1);
}
