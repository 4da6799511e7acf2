import { hostname } from "node:os";
import type { Logger } from "pino";

/** pino's levels, and the number of each in its lines. */
export const logLevels: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

/** pino writes one without its pair unlike `JSON.stringify`. */
const SURROGATE = /[\ud800-\udfff]/;

/** Options of {@link lateLogger}. */
export interface LateLoggerOptions {
  /** One of {@link logLevels}, or `silent`. */
  readonly level: string;
  /** Receives the lines, also those of the logger that `open` makes. */
  readonly stream: { write(line: string): void };
  /** Loads pino and makes the logger. */
  readonly open: () => Logger;
}

/**
 * Returns a logger that becomes pino's on the first use of anything but a level and a plain message. Until then it writes the
 * same lines itself: most applications write one, `Listening on …`, and pino takes as much time to load as Node.js to start.
 *
 * While pino cannot be loaded, for example because no descriptor is free, lines have their message only and children are the
 * logger itself.
 */
export function lateLogger({ level, stream, open }: LateLoggerOptions): Logger {
  const lowest = logLevels[level] ?? Infinity;
  let isOpen = false;
  const opened = (): Logger => {
    if (isOpen) return log;
    const logger = open();
    isOpen = true;
    // What the program has replaced stays.
    for (const [name, { value }] of Object.entries(early)) {
      if (Object.getOwnPropertyDescriptor(log, name)?.value === value) Reflect.deleteProperty(log, name);
    }
    for (const name of Reflect.ownKeys(logger)) {
      if (!Object.hasOwn(log, name))
        Object.defineProperty(log, name, Object.getOwnPropertyDescriptor(logger, name)!);
    }
    return Object.setPrototypeOf(log, Object.getPrototypeOf(logger) as object) as Logger;
  };
  const write = (number: number, message: string): void => {
    const line = { level: number, time: Date.now(), pid: process.pid, hostname: hostname(), msg: message };
    stream.write(`${JSON.stringify(line)}\n`);
  };
  const methodOf = ([name, number]: readonly [string, number]) => ({
    value(...line: readonly unknown[]): void {
      if (!isOpen && number < lowest) return;
      const [first] = line;
      if (!isOpen && line.length === 1 && typeof first === "string" && !SURROGATE.test(first)) {
        write(number, first);
        return;
      }
      let logger: Logger;
      try {
        logger = opened();
      } catch (error) {
        write(number, messageWithout(line, error));
        return;
      }
      (logger as unknown as Record<string, (...line: readonly unknown[]) => void>)[name]!(...line);
    },
    configurable: true,
    enumerable: true,
    writable: true,
  });
  const early: PropertyDescriptorMap = {
    ...Object.fromEntries(Object.entries(logLevels).map((one) => [one[0], methodOf(one)])),
    level: {
      get: () => level,
      set: (to: string) => {
        opened().level = to;
      },
      configurable: true,
    },
    isLevelEnabled: {
      value: (name: string): boolean =>
        isOpen || !Object.hasOwn(logLevels, name)
          ? opened().isLevelEnabled(name)
          : logLevels[name]! >= lowest,
      configurable: true,
      writable: true,
    },
  };
  const unopened = new Proxy(
    {},
    {
      get: (_target, name, asked: object): unknown => {
        // A child of a silent logger is as silent.
        if (name === "child" && !isOpen && lowest === Infinity)
          return (...given: Parameters<Logger["child"]>) =>
            given[1] === undefined ? log : opened().child(...given);
        try {
          return Reflect.get(opened(), name, asked);
        } catch (error) {
          if (!isOpen && name === "child") return () => log;
          throw error;
        }
      },
      set: (_target, name, value, asked: object) => Reflect.set(opened(), name, value, asked),
      has: (_target, name) => name in opened(),
    },
  );
  const log = Object.create(unopened, early) as Logger;
  return log;
}

/** The message of a line whose other values cannot be shown. */
function messageWithout(line: readonly unknown[], error: unknown): string {
  const message = line.find((part) => typeof part === "string") ?? "A line of the log";
  return `${message} (without its fields, because pino cannot be loaded: ${String(error)})`;
}
