import { ConfigurationError, type TricornError } from "../errors.js";
import { isOwnFrame } from "./own-frames.js";

/** A function or a class of the public API. */
type Called = ((...args: never[]) => unknown) | (new (...args: never[]) => unknown);

/** Where a function of the public API was called from. */
export interface Caller {
  /** As `file:line:column`; undefined where the engine does not tell. */
  readonly place: string | undefined;
  /** The same as a line of a stack; empty where the engine does not tell. */
  readonly frame: string;
}

/**
 * Notes where a function was called from. It is read from the stack, and only where it is asked for: a process that starts
 * without a mistake pays for a frame of a stack, and for no text.
 */
export function callerOf(called: Called): Caller {
  const note: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(note, called);
  Error.stackTraceLimit = limit;
  return {
    get place() {
      return placeIn(note.stack ?? "");
    },
    get frame() {
      return FRAME.exec(note.stack ?? "")?.[0] ?? "";
    },
  };
}

/** Runs a step; a ConfigurationError that it throws without a place has been made there. */
export function placed<T>(caller: Caller | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigurationError) addPlace(error, caller);
    throw error;
  }
}

/** Says where a mistake was made, unless something closer has said so before. */
export function addPlace(error: ConfigurationError, caller: Caller | undefined): void {
  error.place ??= caller?.place;
}

/**
 * Runs what a function of the public API does. A ConfigurationError that it throws gets the place of the call, and the stack of
 * the caller: what lies below explains nothing, and Node.js prints the line of the uppermost frame.
 */
export function blamingCaller<T>(called: Called, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      Error.captureStackTrace(error, called);
      const { place, frames } = callerFrames(called);
      error.place ??= place;
      // To set or read it costs the line of the program that Node.js prints, so that it is done only where another line would be.
      if (frames !== undefined) error.stack = `${error.name}: ${error.message}${frames}`;
    }
    throw error;
  }
}

/** What compilers call decorators by: it stands between a decorator and the class. */
const HELPER =
  /\bat (?:\S*\b(?:__decorate|__param|_ts_decorate|_apply_decs\w*) |.*[\\/](?:reflect-metadata|tslib|@swc[\\/]helpers|@oxc-node)[\\/])/;

/** Where a function was called from; its frames, without those of helpers and of this package, only where there are any of those. */
function callerFrames(called: Called): {
  readonly place: string | undefined;
  readonly frames: string | undefined;
} {
  const note: { stack?: string } = {};
  Error.captureStackTrace(note, called);
  const [, ...lines] = (note.stack ?? "").split("\n");
  const kept = lines.filter((line) => !HELPER.test(line) && !isOwnFrame(line));
  const frames = kept.map((line) => `\n${line}`).join("");
  return { place: placeIn(frames), frames: kept.length < lines.length ? frames : undefined };
}

/**
 * Gives an error of an asynchronous function the place of its call, and that as its stack: the caller's frames are gone, and
 * those that are there explain nothing.
 */
export function blame(error: TricornError, caller: Caller): void {
  if (error instanceof ConfigurationError) addPlace(error, caller);
  error.stack = `${error.name}: ${error.message}${caller.frame}`;
}

/** Runs what a decorator does where it is applied: the mistake is where the decorator is written. */
export function applying<T>(decorator: Called, written: Caller, run: () => T): T {
  return blamingCaller(decorator, () => placed(written, run));
}

const FRAME = /\n\s+at (?:.*\()?(.+:\d+:\d+)\)?/;

function placeIn(stack: string): string | undefined {
  return FRAME.exec(stack)?.[1]?.replace(/^file:\/\//, "");
}
