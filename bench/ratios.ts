/** A median and the least and most that it is the median of. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The spread of these values; there must be one at least. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  return { median: quantile(sorted, 0.5), least: sorted[0]!, most: sorted.at(-1)! };
}

/** What one contender costs, measured by another, round by round: only what was measured side by side is compared. */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / theirs[round]!);
}

/** How far apart the middle half of the values lies, as a share of their median. */
export function unrest(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / quantile(sorted, 0.5);
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place));
}
