/** The longest time that setTimeout() knows; a longer one, Infinity too, would strike at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * Calls back after so many ms, and never before: Node.js counts a timer from the start of the turn of the event loop in which
 * it is set, so it strikes as much too early as the turn has lasted until then.
 *
 * @returns a function that takes it back
 */
export function neverEarly(wait: number, callback: () => void): () => void {
  const due = performance.now() + wait;
  let timer: NodeJS.Timeout;
  const arm = (left: number): void => {
    timer = setTimeout(strike, Math.min(left, LONGEST));
  };
  const strike = (): void => {
    const left = due - performance.now();
    if (left > 0) arm(left);
    else callback();
  };
  arm(wait);
  return () => clearTimeout(timer);
}
