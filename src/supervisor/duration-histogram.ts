/** The upper bounds of the buckets; ms. What takes longer is in one more bucket. */
export const DURATION_BOUNDS: readonly number[] = [
  0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000,
  3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 60_000,
];

/** How often a duration was in a bucket: only of buckets that have some. */
export type BucketCounts = readonly (readonly [bucket: number, count: number])[];

/** How long requests took, in fixed buckets: those of several processes can be added up. */
export class DurationHistogram {
  readonly #counts: number[] = Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0);
  /** How many durations. */
  count = 0;
  /** Their sum; ms. */
  sum = 0;

  record(duration: number): void {
    this.#counts[bucketOf(duration)]! += 1;
    this.count += 1;
    this.sum += duration;
  }

  /** Adds what another histogram has. @param sum the sum of its durations; ms */
  add(counts: BucketCounts, sum: number): void {
    for (const [bucket, count] of counts) {
      this.#counts[bucket]! += count;
      this.count += count;
    }
    this.sum += sum;
  }

  get counts(): BucketCounts {
    return this.#counts.flatMap((count, bucket) => (count === 0 ? [] : [[bucket, count] as const]));
  }

  /** How many durations are at most as long as this bound, which must be one of {@link DURATION_BOUNDS}. */
  upTo(bound: number): number {
    let total = 0;
    for (let bucket = 0; bucket <= DURATION_BOUNDS.indexOf(bound); bucket += 1)
      total += this.#counts[bucket]!;
    return total;
  }

  /**
   * What a part of the durations took at most, evenly between the bounds of its bucket; ms, null without durations.
   *
   * @param part from 0 to 1: 0.5 for the median
   */
  quantile(part: number): number | null {
    if (this.count === 0) return null;
    const rank = part * this.count;
    let before = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      if (count > 0 && before + count >= rank) {
        const lower = DURATION_BOUNDS[bucket - 1] ?? 0;
        const upper = DURATION_BOUNDS[bucket] ?? lower;
        return rounded(lower + ((upper - lower) * (rank - before)) / count);
      }
      before += count;
    }
    return DURATION_BOUNDS.at(-1)!;
  }
}

/** By halving: a request must not pay for thirty comparisons. */
function bucketOf(duration: number): number {
  let [first, end] = [0, DURATION_BOUNDS.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (duration <= DURATION_BOUNDS[middle]!) end = middle;
    else first = middle + 1;
  }
  return first;
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
