import type { Logger } from "pino";

import { ConfigurationError, documentOf, TricornError } from "../errors.js";
import { defaultLog, logDestination } from "../log/default-log.js";
import { standardError } from "../log/log-stream.js";
import { isOwnFrame } from "../log/own-frames.js";

/** Why a process cannot start. */
export interface StartFailure {
  readonly sentence: string;
  /** Lines below it: the place of the mistake, its code and document, the stack. */
  readonly details: readonly string[];
}

/** Describes the error that keeps a process from starting. */
export function startFailureOf(error: unknown): StartFailure {
  const details: string[] = [];
  if (error instanceof ConfigurationError && error.place !== undefined) details.push(`    at ${error.place}`);
  if (error instanceof TricornError) details.push(`    ${explainedAt(error.code)}`);
  return { sentence: sentenceOf(error), details: [...details, ...stackOf(error)] };
}

/** A code, and the document that explains it. */
export function explainedAt(code: string): string {
  return `${code}: see ${documentOf(code)}`;
}

/** The messages of an error and its causes, in one line. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  // The message of a ConfigurationError already includes what the system said.
  if (!(cause instanceof Error) || (error instanceof ConfigurationError && "syscall" in cause))
    return message;
  return message.includes(cause.message) ? message : `${message}: ${sentenceOf(cause)}`;
}

/** The stack of what the program itself threw; an error of the system has no stack that would explain it. */
function stackOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  if (!(error instanceof ConfigurationError) && error.cause === undefined) return framesOf(error);
  let { cause } = error;
  while (cause instanceof Error && cause.cause instanceof Error) ({ cause } = cause);
  return cause instanceof Error && !("syscall" in cause) ? framesOf(cause) : [];
}

function framesOf({ name, message, stack = "" }: Error): readonly string[] {
  const frames = stack
    .split("\n")
    .filter(
      (line) =>
        /^\s+at /.test(line) &&
        !/node:internal|\(<anonymous>\)$|[\\/]node_modules[\\/]tsyringe/.test(line) &&
        !isOwnFrame(line),
    );
  return frames.length === 0 ? [] : [`  ${name}: ${message}`, ...frames];
}

/**
 * Reports why a process cannot start: on standard error, in one line with its details below, and in the log if that goes
 * elsewhere.
 *
 * @param log the logger that the application was given, if any
 */
export function reportStartFailure({ sentence, details }: StartFailure, log?: Logger): void {
  standardError.write(`${[sentence, ...details].join("\n")}\n`);
  try {
    const to = logDestination();
    const isElsewhere = to.kind === "file" || (to.kind === "descriptor" && to.fd !== standardError.fd);
    if (log !== undefined || isElsewhere) (log ?? defaultLog([]).log).fatal(sentence);
  } catch {
    // The log itself may be at fault; then the sentence says so.
  }
}

const reported = new WeakSet<ConfigurationError>();

/**
 * Reports an uncaught ConfigurationError as a start failure, once. Other errors are not reported.
 *
 * @param log the logger that the application was given, if any
 * @returns whether the error is a ConfigurationError
 */
export function reportMistake(error: unknown, log?: Logger): error is ConfigurationError {
  if (!(error instanceof ConfigurationError)) return false;
  if (!reported.has(error)) reportStartFailure(startFailureOf(error), log);
  reported.add(error);
  return true;
}

/** The errors of this turn that end the process if uncaught, each with its report. */
const failures = new Map<unknown, () => void>();

/**
 * Ends the process with exit code 1 if an error stays uncaught. Node.js would print it once more, with a line of the code
 * that threw it. A program that catches the error, or listens to `uncaughtException`, decides for itself.
 *
 * @param report reports the error before the exit; by default it was reported already
 */
export function exitUnlessCaught(failure: unknown, report: () => void = () => {}): void {
  if (failures.size === 0) {
    process.once("uncaughtException", onUncaught);
    // Node.js detects an unhandled rejection in the turn in which it happens.
    setImmediate(() => {
      failures.clear();
      process.off("uncaughtException", onUncaught);
    }).unref();
  }
  failures.set(failure, report);
}

function onUncaught(error: unknown): void {
  if (process.listenerCount("uncaughtException") > 0) return;
  const report = failures.get(error);
  if (report !== undefined) {
    report();
    process.exit(1);
  }
  // Another error in the same turn is left to Node.js.
  process.nextTick(() => {
    throw error;
  });
}
