import { Socket } from "node:net";

/** The longest time of a timer. */
const LONGEST = 2 ** 31 - 1;

/**
 * Milliseconds as node:net takes them: what no timer can hold is the longest that one can.
 *
 * @throws what node:net throws for what is no time
 */
export function durationOf(given: number): number {
  if (typeof given === "number" && given >= 0 && given < Infinity) return Math.min(given, LONGEST);
  return new Socket().setTimeout(given).timeout ?? 0;
}
