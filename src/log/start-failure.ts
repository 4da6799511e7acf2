import { tellStartFailure, type StartFailure } from "./default-log.js";
import type { Logger } from "pino";
import { ConfigurationError, documentOf, TricornError } from "../errors.js";
import { isOwnFrame } from "../usage/own-frames.js";

/** Why a process cannot start: one sentence, and below it where the mistake is and where it is explained. */
export function startFailureOf(error: unknown): StartFailure {
  const details: string[] = [];
  if (error instanceof ConfigurationError && error.place !== undefined) details.push(`    at ${error.place}`);
  if (error instanceof TricornError) details.push(`    ${explained(error.code)}`);
  return { sentence: sentenceOf(error), details: [...details, ...causeOf(error)] };
}

/** A code, and where it is explained. */
export function explained(code: string): string {
  return `${code}: see ${documentOf(code)}`;
}

/** What went wrong and what led to it, in one line. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  // What the system said is a part of the sentence already, in words that say what to do.
  if (!(cause instanceof Error) || (error instanceof ConfigurationError && "syscall" in cause))
    return message;
  return message.includes(cause.message) ? message : `${message}: ${sentenceOf(cause)}`;
}

/** The stack of what the program itself threw. What the system refused has none that would explain it. */
function causeOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  if (!(error instanceof ConfigurationError) && error.cause === undefined) return framesOf(error);
  let { cause } = error;
  while (cause instanceof Error && cause.cause instanceof Error) ({ cause } = cause);
  return cause instanceof Error && !("syscall" in cause) ? framesOf(cause) : [];
}

function framesOf({ name, message, stack = "" }: Error): readonly string[] {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const theirs = frames.filter(
    (line) =>
      !/node:internal|\(<anonymous>\)$|[\\/]node_modules[\\/]tsyringe/.test(line) && !isOwnFrame(line),
  );
  return theirs.length === 0 ? [] : [`  ${name}: ${message}`, ...theirs];
}

const told = new WeakSet<ConfigurationError>();

/**
 * Tells a mistake of the program that nobody caught as what keeps it from starting: once, however many ask for it.
 *
 * @param log the logger that the application was given, if it was given one
 * @returns whether it is such a mistake; what else nobody catches is not told
 */
export function tellMistake(error: unknown, log?: Logger): error is ConfigurationError {
  if (!(error instanceof ConfigurationError)) return false;
  if (!told.has(error)) tellStartFailure(startFailureOf(error), log);
  told.add(error);
  return true;
}

/** What keeps a process from starting, and what is still to be told of it if nobody catches it. */
const failures = new Map<unknown, () => void>();

/**
 * Ends the process with exit code 1 where nobody catches an error. Node.js would tell it once more, with a
 * line of the code that threw it. Whoever catches it, or listens to what nobody catches, decides for himself.
 *
 * @param tell tells it, where that was not done before
 */
export function endWithout(failure: unknown, tell: () => void = () => {}): void {
  if (failures.size === 0) {
    process.once("uncaughtException", onUncaught);
    // A rejection that nobody handles is found out in the turn in which it happens.
    setImmediate(() => {
      failures.clear();
      process.off("uncaughtException", onUncaught);
    }).unref();
  }
  failures.set(failure, tell);
}

function onUncaught(error: unknown): void {
  if (process.listenerCount("uncaughtException") > 0) return;
  const tell = failures.get(error);
  if (tell !== undefined) {
    tell();
    process.exit(1);
  }
  // Another one, in the same turn: it is left to Node.js.
  process.nextTick(() => {
    throw error;
  });
}
