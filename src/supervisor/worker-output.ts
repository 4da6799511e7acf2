import { hostname } from "node:os";
import type { Logger } from "pino";

import { LogStream } from "../log/log-stream.js";

/** The level of a line that a program prints. */
const INFO = 30;

/**
 * Returns what writes the lines of workers to the log of the master. Lines of a worker's own log stay as they are, since they
 * have its pid; others get it.
 */
export function printedLine(log: Logger | LogStream | undefined): (pid: number, line: string) => void {
  if (log === undefined) return () => {};
  if (!(log instanceof LogStream)) return (worker, line) => log.info({ worker }, line);
  const host = hostname();
  return (pid, line) => {
    const isLogged = line.startsWith('{"level":');
    const text = isLogged
      ? line
      : JSON.stringify({ level: INFO, time: Date.now(), pid, hostname: host, msg: line });
    log.write(`${text}\n`);
  };
}
