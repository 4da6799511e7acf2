import { Worker } from "node:worker_threads";

/** The options of {@link watchLoading}. */
export interface LoadingLimit {
  /** How long the main thread may be blocked, in milliseconds. */
  readonly limit: number;
  /** The message to standard error after that. */
  readonly message: string;
}

/** Runs in a worker thread: timers of a blocked thread never fire. */
const WATCHDOG = `
  const { workerData } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  setTimeout(() => {
    writeSync(2, workerData.message);
    process.kill(process.pid, "SIGKILL");
  }, workerData.limit);
`;

/**
 * Kills the process if a loading module blocks its main thread: by an endless computation, or by waiting outside the event loop,
 * as Node.js itself does for module hooks. SIGKILL, because a blocked process handles no other signal.
 *
 * @returns a function that stops the watch
 */
export function watchLoading(workerData: LoadingLimit): () => void {
  const worker = new Worker(WATCHDOG, { eval: true, workerData, execArgv: [] });
  worker.unref();
  return () => void worker.terminate();
}
