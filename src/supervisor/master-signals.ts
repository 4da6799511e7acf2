import type { Logger } from "pino";

import { reopenLogs } from "../log/default-log.js";
import { ignoreOutputErrors } from "../process/process-end.js";
import type { Supervised } from "./supervised.js";

const STOP = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;
/** A terminal and timeout(1) send one signal to the process and to its group; ms. */
const SAME_SIGNAL = 100;
const RELOAD = ["SIGHUP", "SIGUSR2"] as const;

/** What signals need beside the master. */
export interface MasterSignalsOptions {
  readonly log: Logger;
  /** Ends the process, when the master has stopped by a signal. */
  readonly end: () => void;
}

/**
 * Stops, reloads and opens log files again on signals.
 *
 * @param master returns the master; undefined as long as there is none
 * @returns whether it was asked to stop
 */
export function handleMasterSignals(
  master: () => Supervised | undefined,
  { log, end }: MasterSignalsOptions,
): () => boolean {
  ignoreOutputErrors();
  for (const signal of RELOAD) process.on(signal, () => void master()?.reload());
  process.on("SIGUSR1", () => {
    try {
      reopenLogs();
    } catch (error) {
      log.error({ err: error }, "Cannot open the log again");
    }
  });
  let last: number | undefined;
  for (const signal of STOP) {
    process.on(signal, () => {
      const isRepeated = last !== undefined && performance.now() - last < SAME_SIGNAL;
      last = performance.now();
      if (!isRepeated) void master()?.stop().then(end);
    });
  }
  return () => last !== undefined;
}
