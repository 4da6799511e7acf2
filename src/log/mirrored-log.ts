import { format } from "node:util";
import type { Bindings, ChildLoggerOptions, LogFn, Logger } from "pino";

import { logSafely } from "./log-safely.js";

const LEVELS = ["warn", "error", "fatal"] as const;

/** Placeholders of a message, as pino knows them; what has none is left out there, and so it is here. */
const PLACEHOLDER = /%[sdifjoOc]/g;

/**
 * A logger like another one, whose lines from `warn` on are told to somebody else as well, as their message and the error
 * that came with it: the other fields stay in the log. So it is with its children. Lines that its level suppresses are
 * not told either.
 */
export function mirrorWarnings(log: Logger, tell: (level: string, text: string) => void): Logger {
  const mirrored = Object.create(log, {
    level: {
      get: () => log.level,
      set: (level: string) => {
        log.level = level;
      },
    },
    child: {
      value: (bindings: Bindings, options?: ChildLoggerOptions) =>
        mirrorWarnings(log.child(bindings, options), tell),
    },
    setBindings: { value: (bindings: Bindings) => log.setBindings(bindings) },
  }) as Logger;
  for (const level of LEVELS) {
    mirrored[level] = (...line: Parameters<LogFn>): void => {
      // First, because a logger may throw where its disk is full.
      if (log.isLevelEnabled(level)) logSafely(() => tell(level, textOf(line)));
      log[level](...line);
    };
  }
  return mirrored;
}

/** The text of a line that a logger is called with: message and values, or an object or error and then those. */
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
