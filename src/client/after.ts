/** The longest time that setTimeout() knows; anything above would fire at once. */
const LONGEST = 0x7fff_ffff;

/** Calls back after so many milliseconds; never for Infinity or a time above 24 days, and then there is no timer. */
export function after(milliseconds: number, callback: () => void): NodeJS.Timeout | undefined {
  return milliseconds > LONGEST ? undefined : setTimeout(callback, milliseconds);
}
