import { Worker } from "node:worker_threads";

/** What it is told. */
export interface LoadingLimit {
  /** How long the thread of this process may do nothing else, in ms. */
  readonly limit: number;
  /** What is written to standard error when it has. */
  readonly message: string;
}

/** Runs in a thread of its own: no timer of the thread that is stuck would ever strike. */
const WATCH = `
  const { workerData } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  setTimeout(() => {
    writeSync(2, workerData.message);
    process.kill(process.pid, "SIGKILL");
  }, workerData.limit);
`;

/**
 * Ends the process where it gets stuck: in a module that computes for ever as it is loaded, or waits without its event loop, as
 * Node.js itself does for module hooks. It is killed, since nothing less would be heard.
 *
 * @returns a function that ends the watch
 */
export function watchLoading(workerData: LoadingLimit): () => void {
  const worker = new Worker(WATCH, { eval: true, workerData, execArgv: [] });
  worker.unref();
  return () => void worker.terminate();
}
