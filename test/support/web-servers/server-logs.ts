import { readFileSync, statSync } from "node:fs";

/** The log of one server: a file. */
export interface ServerLog {
  readonly program: string;
  readonly path: string;
}

/** How many of the last lines of each log are shown. */
const LINES = 20;

/** The logs that are watched, and how many bytes of each are older than the test that runs. */
const sizes = new Map<ServerLog, number>();
/** What the servers that stopped during the test had logged. */
let stopped: string[] = [];

/** Watches a log. Call what it returns when the server has stopped, before the file is removed. */
export function watchServerLog(log: ServerLog): () => void {
  sizes.set(log, 0);
  return () => {
    stopped.push(...newLines(log));
    sizes.delete(log);
  };
}

/** Forgets what the servers have logged so far. */
export function skipServerLogs(): void {
  stopped = [];
  for (const log of sizes.keys()) sizes.set(log, statSync(log.path, { throwIfNoEntry: false })?.size ?? 0);
}

/** What the servers have logged since then: the last lines of each, below the name and the path of its log. */
export function serverLogLines(): string[] {
  return [...stopped, ...Array.from(sizes.keys(), newLines).flat()];
}

function newLines(log: ServerLog): string[] {
  if (statSync(log.path, { throwIfNoEntry: false }) === undefined) return [];
  const news = readFileSync(log.path).subarray(sizes.get(log)).toString();
  const lines = news.split("\n").filter((line) => line !== "");
  if (lines.length === 0) return [];
  return [`${log.program} logged (${log.path}):`, ...lines.slice(-LINES).map((line) => `  ${line}`)];
}
