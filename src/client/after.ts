/** The maximum delay of setTimeout(); a longer one would fire at once. */
const LONGEST = 0x7fff_ffff;

/** Calls back after a number of milliseconds; never, without a timer, if that is more than 24 days. */
export function after(milliseconds: number, callback: () => void): NodeJS.Timeout | undefined {
  return milliseconds > LONGEST ? undefined : setTimeout(callback, milliseconds);
}
