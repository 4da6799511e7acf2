/** The longest time of a timer. */
const LONGEST = 2 ** 31 - 1;

/**
 * Milliseconds as node:net takes them: what no timer can hold is the longest that one can.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or RangeError `ERR_OUT_OF_RANGE`, by which node:net refuses them
 */
export function durationOf(given: unknown): number {
  const cannot = "Cannot set time-out:";
  if (typeof given !== "number")
    throw invalid(new TypeError(`${cannot} a ${typeof given} is no time in ms`), "ERR_INVALID_ARG_TYPE");
  if (given < 0 || !Number.isFinite(given))
    throw invalid(new RangeError(`${cannot} ${given} is no time in ms`), "ERR_OUT_OF_RANGE");
  return Math.min(given, LONGEST);
}

function invalid(error: Error, code: string): Error {
  return Object.assign(error, { code });
}
