/** The longest delay of setTimeout(); a longer one, even Infinity, would strike at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * Calls back after `wait` ms, never earlier: Node.js counts a timer from the start of the turn of the event loop in which it
 * is set, so it strikes too early by the time that the turn had lasted.
 *
 * @returns a function that cancels it
 */
export function neverEarly(wait: number, callback: () => void): () => void {
  const due = performance.now() + wait;
  let timer = setTimeout(
    () => {
      const left = due - performance.now();
      // This turn has just begun; Node.js counts whole milliseconds.
      if (left > 0 && wait <= LONGEST) timer = setTimeout(callback, Math.ceil(left) + 1);
      else callback();
    },
    Math.min(wait, LONGEST),
  );
  return () => clearTimeout(timer);
}
