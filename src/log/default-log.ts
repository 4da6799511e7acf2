import { constants, openSync } from "node:fs";
import { pino, type Logger } from "pino";

import { startedAsCgi } from "../process/cgi-environment.js";
import { isWritable, kindOfDescriptor } from "../process/descriptor.js";
import { ConfigurationError } from "../errors.js";
import { chooseLogDestination, type LogDestination } from "./log-destination.js";
import { secretFields } from "./secrets.js";
import { LogStream, standardError } from "./log-stream.js";

/** Lines may hold what is not everybody's business. */
const FILE_MODE = 0o640;
/** A named pipe that nobody reads yet is an error with O_NONBLOCK, and would be waited for without. */
const FILE_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

const STANDARD_ERROR = 2;

/** The logger of an application that was given none. */
export interface DefaultLog {
  readonly log: Logger;
  /** Whether there is somewhere to see its lines. */
  readonly isVisible: boolean;
}

/**
 * Makes the logger of an application that was given none: its lines go where they are seen.
 *
 * @param secrets further names of fields whose values are taken out
 * @throws ConfigurationError `ERR_LOG_LEVEL`, `ERR_LOG_DESTINATION` for what TRICORN_LOG_LEVEL and TRICORN_LOG cannot mean
 */
export function defaultLog(secrets: readonly string[]): DefaultLog {
  const level = process.env["TRICORN_LOG_LEVEL"] ?? "info";
  if (level !== "silent" && !(level in pino.levels.values)) {
    throw new ConfigurationError(
      "ERR_LOG_LEVEL",
      `Cannot create application: TRICORN_LOG_LEVEL is ${JSON.stringify(level)}; use silent or one of ` +
        Object.keys(pino.levels.values).join(", "),
    );
  }
  // Where handlers log them: fields and params as objects, and what holds these.
  const redact = secretFields(secrets).flatMap((name) =>
    ["", "*", "*.*"].map((where) => `${where}["${name}"]`),
  );
  const stream = streamTo(destination());
  if (stream !== undefined) return { log: pino({ level, redact }, stream), isVisible: true };
  // From warnings on, lines may still be mirrored to the Web server; what is below costs nothing.
  const atLeast = pino.levels.values[level] ?? Infinity;
  const mirrored = atLeast < pino.levels.values["warn"]! ? "warn" : level;
  return { log: pino({ level: mirrored }, { write: drop }), isVisible: false };
}

/** Why a process cannot start. */
export interface StartFailure {
  readonly sentence: string;
  /** Lines below it. */
  readonly details: readonly string[];
}

/**
 * Tells why a process cannot start: on standard error in one line with its details, and in the log, where that goes
 * elsewhere.
 *
 * @param log the logger that the application was given, if it was given one
 */
export function tellStartFailure({ sentence, details }: StartFailure, log?: Logger): void {
  standardError.write(`${[sentence, ...details].join("\n")}\n`);
  try {
    const to = destination();
    const isElsewhere = to.kind === "file" || (to.kind === "descriptor" && to.fd !== STANDARD_ERROR);
    if (log !== undefined || isElsewhere) (log ?? defaultLog([]).log).fatal(sentence);
  } catch {
    // It may be the log that is at fault, and the sentence says so.
  }
}

function destination(): LogDestination {
  return chooseLogDestination({
    named: process.env["TRICORN_LOG"],
    isCgi: startedAsCgi,
    kindOf: kindOfDescriptor,
    isWritable,
  });
}

/** The files that are open already: several applications of one process share a log. */
const files = new Map<string, LogStream>();

function streamTo(to: LogDestination): LogStream | undefined {
  switch (to.kind) {
    case "nowhere":
      return undefined;
    case "descriptor":
      return to.fd === STANDARD_ERROR ? standardError : new LogStream(to.fd);
    case "file": {
      const stream = files.get(to.path) ?? new LogStream(openLog(to.path));
      files.set(to.path, stream);
      return stream;
    }
    default:
      return to satisfies never;
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, FILE_FLAGS, FILE_MODE);
  } catch (error) {
    throw new ConfigurationError(
      "ERR_LOG_DESTINATION",
      `Cannot log to ${JSON.stringify(path)}, which TRICORN_LOG names: ${(error as Error).message}`,
      error,
    );
  }
}

function drop(): void {}
