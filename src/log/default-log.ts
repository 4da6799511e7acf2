import { constants, openSync } from "node:fs";
import { createRequire } from "node:module";
import type { Logger, LoggerOptions } from "pino";

import { startedAsCgi } from "../process/cgi-environment.js";
import { isWritable, kindOfDescriptor } from "../process/descriptor.js";
import { ConfigurationError } from "../errors.js";
import { lateLogger, logLevels } from "./late-logger.js";
import { chooseLogDestination, type LogDestination } from "./log-destination.js";
import { secretFields } from "./secrets.js";
import { LogStream, standardError } from "./log-stream.js";

const require = createRequire(import.meta.url);

/** Not readable by all: lines may hold private data. */
const FILE_MODE = 0o640;
/** With O_NONBLOCK a named pipe without a reader is an error; without it, opening one would block. */
const FILE_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** The logger of an application that was given none. */
export interface DefaultLog {
  readonly log: Logger;
  /** Whether its lines go anywhere. */
  readonly isVisible: boolean;
}

/**
 * Makes the logger of an application that was given none. It writes to the {@link logDestination}.
 *
 * @param secrets names of fields whose values are redacted in addition to the usual ones
 * @throws ConfigurationError `ERR_LOG_LEVEL` or `ERR_LOG_DESTINATION` for an invalid TRICORN_LOG_LEVEL or TRICORN_LOG
 */
export function defaultLog(secrets: readonly string[]): DefaultLog {
  const level = defaultLevel();
  const stream = streamTo(logDestination());
  if (stream !== undefined) {
    const open = (): Logger => pinoLogger({ level, redact: redactedPaths(secrets) }, stream);
    return { log: lateLogger({ level, stream, open }), isVisible: true };
  }
  // Lines from `warn` on may still be mirrored to the Web server; those below cost nothing.
  const atLeast = logLevels[level] ?? Infinity;
  const mirrored = atLeast < logLevels["warn"]! ? "warn" : level;
  const dropped = { write: drop };
  const open = (): Logger => pinoLogger({ level: mirrored }, dropped);
  return { log: lateLogger({ level: mirrored, stream: dropped, open }), isVisible: false };
}

/**
 * Makes a logger with the level and the redaction of the default one, whose lines go to a function instead; warnings do so even
 * if the level is silent.
 *
 * @throws ConfigurationError `ERR_LOG_LEVEL`
 */
export function logTo(
  write: (line: string) => void,
  { secrets }: { readonly secrets: readonly string[] },
): Logger {
  const level = defaultLevel();
  const options = { level: level === "silent" ? "warn" : level, redact: redactedPaths(secrets) };
  const stream = { write };
  return lateLogger({ level: options.level, stream, open: () => pinoLogger(options, stream) });
}

function defaultLevel(): string {
  const level = process.env["TRICORN_LOG_LEVEL"] ?? "info";
  if (level === "silent" || Object.hasOwn(logLevels, level)) return level;
  throw new ConfigurationError(
    "ERR_LOG_LEVEL",
    `Cannot create application: TRICORN_LOG_LEVEL is ${JSON.stringify(level)}; use silent or one of ` +
      Object.keys(logLevels).join(", "),
  );
}

function pinoLogger(options: LoggerOptions, stream: { write(line: string): void }): Logger {
  const { pino } = require("pino") as typeof import("pino");
  return pino(options, stream);
}

/** Handlers log fields and params as objects, alone or inside another object. */
function redactedPaths(secrets: readonly string[]): string[] {
  return secretFields(secrets).flatMap((name) => ["", "*", "*.*"].map((parent) => `${parent}["${name}"]`));
}

/**
 * Returns where the default log of this process goes.
 *
 * @throws ConfigurationError `ERR_LOG_DESTINATION` for an invalid TRICORN_LOG
 */
export function logDestination(): LogDestination {
  return chooseLogDestination({
    named: process.env["TRICORN_LOG"],
    isCgi: startedAsCgi,
    kindOf: kindOfDescriptor,
    isWritable,
  });
}

/**
 * Returns the stream of the default log; undefined if no descriptor would show its lines.
 *
 * @throws ConfigurationError `ERR_LOG_DESTINATION` for an invalid TRICORN_LOG
 */
export function logStream(): LogStream | undefined {
  return streamTo(logDestination());
}

/** The open log files, shared by all applications of the process. */
const files = new Map<string, LogStream>();

function streamTo(to: LogDestination): LogStream | undefined {
  switch (to.kind) {
    case "nowhere":
      return undefined;
    case "descriptor":
      return to.fd === standardError.fd ? standardError : new LogStream(to.fd);
    case "file": {
      const stream = files.get(to.path) ?? new LogStream(openLog(to.path));
      files.set(to.path, stream);
      return stream;
    }
    default:
      return to satisfies never;
  }
}

/**
 * Opens the log files again by their paths, as logrotate asks for when it has renamed them. One that cannot be opened stays the old
 * one.
 *
 * @throws ConfigurationError `ERR_LOG_DESTINATION`
 */
export function reopenLogs(): void {
  for (const [path, stream] of files) stream.moveTo(openLog(path));
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
