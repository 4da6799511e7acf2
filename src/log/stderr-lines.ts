import type { Logger } from "pino";

import { ConfigurationError } from "../errors.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { mirrorWarnings } from "./mirrored-log.js";
import { oneLine, redact } from "./redact.js";

/**
 * What the Web server is told of a request by FCGI_STDERR, which it puts into its error log: nothing, one line for each
 * failure, or also a line for each warning and error that the request's handlers log.
 */
export type StderrLines = "off" | "failures" | "warnings";

const KINDS: readonly unknown[] = ["off", "failures", "warnings"] satisfies StderrLines[];

/** Lines of one request, so that a client cannot fill the Web server's log by one. */
const MAX_LINES = 20;

/**
 * Checks what somebody may have written without a compiler.
 *
 * @throws ConfigurationError `ERR_STDERR_LINES`
 */
export function checkStderrLines(lines: StderrLines): StderrLines {
  if (KINDS.includes(lines)) return lines;
  throw new ConfigurationError(
    "ERR_STDERR_LINES",
    `Cannot create application: stderr is ${JSON.stringify(lines)}; use one of ${KINDS.join(", ")}`,
  );
}

/** What stands behind the lines of one request. */
export interface MirrorFacts {
  readonly exchange: Exchange;
  /** The params that the application declared as secret. */
  readonly secrets: readonly string[];
  /** Tells what is at work: `GET /books/:id`, or the name of an authorizer or filter. */
  readonly what: () => string;
}

/**
 * A logger whose warnings and errors the Web server is told of too: each one as a line without control characters and
 * without the secrets of the request. They leave behind the header block of the answer (see {@link Exchange.warn}).
 */
export function mirroredLog(log: Logger, { exchange, secrets, what }: MirrorFacts): Logger {
  let lines = 0;
  return mirrorWarnings(log, (level, text) => {
    lines += 1;
    if (lines > MAX_LINES || exchange.ended) return;
    const told =
      lines < MAX_LINES
        ? redact(text, exchange.params, secrets)
        : "further lines of this request are left out";
    exchange.warn(oneLine(["tricorn", what(), level, told].filter((part) => part !== "").join(": ")));
  });
}
