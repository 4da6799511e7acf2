import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { StartFailure } from "./log/default-log.js";
import { ConfigurationError } from "./errors.js";

const folder = dirname(fileURLToPath(import.meta.url)).replace(/[\\/]shared$/, "");
/** Frames in these say nothing about the program that could not start; source maps lead from dist/ to src/. */
const OWN_FOLDERS = [folder, join(dirname(folder), "src")];

/** Why a process cannot start: one sentence, and below it where the mistake is and where it is explained. */
export function startFailureOf(error: unknown): StartFailure {
  const details: string[] = [];
  if (error instanceof ConfigurationError) {
    if (error.place !== undefined) details.push(`    at ${error.place}`);
    details.push(`    ${error.code}: see ${error.document}`);
  }
  return { sentence: sentenceOf(error), details: [...details, ...causeOf(error)] };
}

/** What went wrong and what led to it, in one line. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && !message.includes(cause.message)
    ? `${message}: ${sentenceOf(cause)}`
    : message;
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
      !/node:internal|\(<anonymous>\)$|[\\/]node_modules[\\/]tsyringe/.test(line) &&
      !OWN_FOLDERS.some((own) => line.includes(own)),
  );
  return theirs.length === 0 ? [] : [`  ${name}: ${message}`, ...theirs];
}

/**
 * Ends the process with exit code 1 where nobody catches an error that was told already. Node.js would tell it once more, with a
 * line of the code that threw it. Whoever catches it, or listens to what nobody catches, decides for himself.
 */
export function endWithout(told: unknown): void {
  const uncaught = (error: unknown): void => {
    if (process.listenerCount("uncaughtException") > 0) return;
    if (error === told) process.exit(1);
    // Another one, in the same turn: it is left to Node.js.
    process.nextTick(() => {
      throw error;
    });
  };
  process.once("uncaughtException", uncaught);
  // A rejection that nobody handles is found out in the turn in which it happens.
  setImmediate(() => process.off("uncaughtException", uncaught)).unref();
}
