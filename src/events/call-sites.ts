/** How a frame of a stack is read. */
export type CallSite = NodeJS.CallSite;

const asTheyAre = (_error: Error, sites: CallSite[]): CallSite[] => sites;
const NONE: readonly CallSite[] = [];

/**
 * Returns the newest frames of the stack above a function as objects of V8: text would cost more, and is rarely read.
 *
 * @param below the function that asks; its own frame and newer ones are left out
 */
export function callSites(below: (...args: never[]) => unknown, most: number): readonly CallSite[] {
  const { stackTraceLimit } = Error;
  // oxlint-disable-next-line typescript/unbound-method -- it is only put back
  const prepare = Error.prepareStackTrace;
  const captured: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = most;
    Error.captureStackTrace(captured, below);
    Error.prepareStackTrace = asTheyAre;
    const sites = captured.stack;
    return Array.isArray(sites) ? (sites as CallSite[]) : NONE;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepare;
  }
}

/** Whether a frame is of the engine itself, such as `Promise.all`. */
export function isBuiltin(site: CallSite | undefined): boolean {
  return site !== undefined && site.getLineNumber() === null;
}
