import { format } from "node:util";
import type { Bindings, ChildLoggerOptions, LogFn, Logger } from "pino";

import { ConfigurationError } from "../errors.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { logSafely } from "./log-safely.js";
import { oneLine, redact } from "./redact.js";

/**
 * What FCGI_STDERR carries to the Web server's error log: nothing, one line for each failure, or also one for each warning
 * and error that the handlers of a request log.
 */
export type StderrLines = "off" | "failures" | "warnings";

const KINDS: readonly unknown[] = ["off", "failures", "warnings"] satisfies StderrLines[];

/** Lines of one request: a client must not fill the Web server's log with one. */
const MAX_LINES = 20;

/**
 * Checks an option that may come from JavaScript.
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

/** The request that lines belong to. */
export interface MirrorFacts {
  readonly exchange: Exchange;
  /** The names that the application declares as secret. */
  readonly secrets: readonly string[];
  /** Names the handler: `GET /books/:id`, or an authorizer or filter. */
  readonly what: () => string;
}

/**
 * Returns a logger that also sends its warnings and errors to the Web server: each as one line without control characters
 * and without the secrets of the request. They are sent after the header block of the answer (see {@link Exchange.warn}).
 */
export function mirroredLog(log: Logger, { exchange, secrets, what }: MirrorFacts): Logger {
  let lines = 0;
  return mirrorWarnings(log, (level, text) => {
    lines += 1;
    if (lines > MAX_LINES || exchange.ended) return;
    const shown =
      lines < MAX_LINES ? redact(text, exchange.params, secrets) : "more lines of this request are left out";
    exchange.warn(oneLine(["tricorn", what(), level, shown].filter((part) => part !== "").join(": ")));
  });
}

const LEVELS = ["warn", "error", "fatal"] as const;

/** The placeholders of pino's messages; pino drops values without one, and so does the mirror. */
const PLACEHOLDER = /%[sdifjoOc]/g;

/**
 * Wraps a logger and its children so that lines from `warn` on also go to `mirror`, as their message and error only.
 * Lines below the logger's level do not.
 */
function mirrorWarnings(log: Logger, mirror: (level: string, text: string) => void): Logger {
  const mirrored = Object.create(log, {
    level: {
      get: () => log.level,
      set: (level: string) => {
        log.level = level;
      },
    },
    child: {
      value: (bindings: Bindings, options?: ChildLoggerOptions) =>
        mirrorWarnings(log.child(bindings, options), mirror),
    },
    setBindings: { value: (bindings: Bindings) => log.setBindings(bindings) },
  }) as Logger;
  for (const level of LEVELS) {
    mirrored[level] = (...line: Parameters<LogFn>): void => {
      // Before the log, which may throw if its disk is full.
      if (log.isLevelEnabled(level)) logSafely(() => mirror(level, textOf(line)));
      log[level](...line);
    };
  }
  return mirrored;
}

/** The text of a log call: message and values, after an optional object or error. */
function textOf([first, ...rest]: readonly unknown[]): string {
  if (typeof first === "string") return messageOf([first, ...rest]);
  const fields = (first ?? {}) as { readonly err?: unknown; readonly msg?: unknown };
  const message = rest.length > 0 ? messageOf(rest) : fields.msg;
  const error = first instanceof Error ? first : fields.err;
  const parts = [message, error instanceof Error ? `${error.name}: ${error.message}` : undefined];
  return parts.filter((part) => typeof part === "string").join(": ");
}

function messageOf([message, ...values]: readonly unknown[]): string {
  const text = String(message);
  return format(text, ...values.slice(0, text.match(PLACEHOLDER)?.length ?? 0));
}
