/** @import { Status } from "../status.js" */
/** @import { HistoryPoint } from "../observed-status.js" */

/** The time that charts show; ms. */
export const SPAN = 300_000;
/** The time between two points; s. */
export const INTERVAL = 2;

/**
 * @param {Status | undefined} status
 * @returns {readonly HistoryPoint[]} the points of the last five minutes, oldest first
 */
export function historyOf(status) {
  const history = status?.observed?.history ?? [];
  const end = history.at(-1)?.at ?? 0;
  return history.filter(({ at }) => end - at <= SPAN);
}

/**
 * @param {readonly number[]} numbers
 * @returns {number}
 */
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
