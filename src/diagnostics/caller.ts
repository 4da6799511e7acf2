import { ConfigurationError, type TricornError } from "../errors.js";
import { isOwnFrame } from "../log/own-frames.js";

/** A function or a class of the public API. */
type Called = ((...args: never[]) => unknown) | (new (...args: never[]) => unknown);

/** The call site of a function of the public API. */
export interface Caller {
  /** As `file:line:column`; undefined if the engine does not report it. */
  readonly place: string | undefined;
  /** As a line of a stack; empty if the engine does not report it. */
  readonly frame: string;
}

/**
 * Records where a function was called from. The stack is formatted only when a property is read: a start without a mistake
 * pays for one captured frame and no text.
 */
export function callerOf(called: Called): Caller {
  const captured: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(captured, called);
  Error.stackTraceLimit = limit;
  return {
    get place() {
      return placeIn(captured.stack ?? "");
    },
    get frame() {
      return FRAME.exec(captured.stack ?? "")?.[0] ?? "";
    },
  };
}

/** Runs a step and adds the caller's place to a ConfigurationError that has none. */
export function placed<T>(caller: Caller | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigurationError) addPlace(error, caller);
    throw error;
  }
}

/** Sets the place of an error unless it already has a more precise one. */
export function addPlace(error: ConfigurationError, caller: Caller | undefined): void {
  error.place ??= caller?.place;
}

/**
 * Runs the body of a public function. A ConfigurationError gets the place of the call, and a stack that starts at the
 * caller, because Node.js prints the source line of the top frame.
 */
export function blamingCaller<T>(called: Called, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      Error.captureStackTrace(error, called);
      const { place, frames } = callerFrames(called);
      error.place ??= place;
      // Node.js stops printing the source line once the stack was read or set, so it is set only if that line would be wrong.
      if (frames !== undefined) error.stack = `${error.name}: ${error.message}${frames}`;
    }
    throw error;
  }
}

/** Functions that compilers call decorators with; their frames are between the decorator and the class. */
const HELPER =
  /\bat (?:\S*\b(?:__decorate|__param|_ts_decorate|_apply_decs\w*) |.*[\\/](?:reflect-metadata|tslib|@swc[\\/]helpers|@oxc-node)[\\/])/;

/** Returns the call site of a function, and its frames if some of them, of helpers and of this package, had to be removed. */
function callerFrames(called: Called): {
  readonly place: string | undefined;
  readonly frames: string | undefined;
} {
  const captured: { stack?: string } = {};
  Error.captureStackTrace(captured, called);
  const [, ...lines] = (captured.stack ?? "").split("\n");
  const kept = lines.filter((line) => !HELPER.test(line) && !isOwnFrame(line));
  const frames = kept.map((line) => `\n${line}`).join("");
  return { place: placeIn(frames), frames: kept.length < lines.length ? frames : undefined };
}

/** Gives an error of an asynchronous function the place of its call as place and stack: the caller's frames are gone by then. */
export function blame(error: TricornError, caller: Caller): void {
  if (error instanceof ConfigurationError) addPlace(error, caller);
  error.stack = `${error.name}: ${error.message}${caller.frame}`;
}

/** Runs a decorator's function on application. A mistake gets the place where the decorator is written. */
export function applying<T>(decorator: Called, written: Caller, run: () => T): T {
  return blamingCaller(decorator, () => placed(written, run));
}

const FRAME = /\n\s+at (?:.*\()?(.+:\d+:\d+)\)?/;

function placeIn(stack: string): string | undefined {
  return FRAME.exec(stack)?.[1]?.replace(/^file:\/\//, "");
}
