import { hostname } from "node:os";
import type { Logger } from "pino";

import { LogStream } from "../log/log-stream.js";

/** A line that a worker has printed. */
export interface PrintedLine {
  readonly pid: number;
  readonly text: string;
  /** Its standard output or standard error. */
  readonly stream: "output" | "errors";
}

/** The level of a line that a program prints: what Node.js prints when a program cannot be loaded is no information. */
const LEVELS = { output: 30, errors: 40 } as const;
/** No line of so many characters was cut, because it has fewer bytes than the longest line. */
const NEVER_CUT = 16 * 1024;

/**
 * Returns what writes the lines of workers to the log of the master. Lines of a worker's own log stay as they are, since they
 * have its pid; others get it.
 */
export function printedLine(log: Logger | LogStream | undefined): (line: PrintedLine) => void {
  if (log === undefined) return () => {};
  if (!(log instanceof LogStream)) {
    return ({ pid, text, stream }) => log[stream === "output" ? "info" : "warn"]({ worker: pid }, text);
  }
  const host = hostname();
  return ({ pid, text, stream }) => {
    const line = isLogLine(text)
      ? text
      : JSON.stringify({ level: LEVELS[stream], time: Date.now(), pid, hostname: host, msg: text });
    log.write(`${line}\n`);
  };
}

/** Whether it is a whole line of a log: one that is too long was cut, and is no JSON any more. */
function isLogLine(text: string): boolean {
  return text.startsWith('{"level":') && (text.length < NEVER_CUT || isJson(text));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
