import type { WorkerFailure } from "./reports.js";
import type { WorkerState } from "./worker-state.js";

/** The line in which Node.js prints the error that ends a process: `SyntaxError: Unexpected token`, `Error [CODE]: …`. */
const ERROR_LINE = /^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?(?:: |$)/;
/** The line before the code that failed: `file:///srv/app/main.js:3`. */
const PLACE_LINE = /^(?:file:\/\/)?(\/.*:\d+)$/;
/** Lines of the stack that are shown. */
const MOST_FRAMES = 10;

/**
 * Finds in the last lines of a process why it did not start. Node.js prints the place, the code, the error and its stack.
 *
 * @param lines what it wrote to standard error
 */
export function failureOfOutput(lines: readonly string[], state: WorkerState): WorkerFailure {
  const at = lines.findIndex((line) => ERROR_LINE.test(line));
  if (at < 0)
    return {
      sentence: `The program ended ${exitOf(state)} before it called serve`,
      details: lines.slice(-MOST_FRAMES),
    };
  const place = lines.slice(0, at).findLast((line) => PLACE_LINE.test(line));
  const frames = lines
    .slice(at + 1)
    .filter((line) => /^\s+at /.test(line) && !line.includes("node:internal"));
  const details = place === undefined ? [] : [`    at ${PLACE_LINE.exec(place)![1]}`];
  return { sentence: lines[at]!, details: [...details, ...frames.slice(0, MOST_FRAMES)] };
}

function exitOf(state: WorkerState): string {
  if (state.kind !== "ended") return "";
  if (state.signal === null) return `with code ${state.code}`;
  return state.signal === "SIGKILL" ? "by SIGKILL, perhaps for lack of memory," : `by ${state.signal}`;
}
