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
  let timer = setTimeout(
    () => {
      const left = due - performance.now();
      // Now it is counted from here; Node.js counts whole milliseconds.
      if (left > 0 && wait <= LONGEST) timer = setTimeout(callback, Math.ceil(left) + 1);
      else callback();
    },
    Math.min(wait, LONGEST),
  );
  return () => clearTimeout(timer);
}
