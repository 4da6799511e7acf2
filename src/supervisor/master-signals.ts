import { ignoreOutputErrors } from "../process/process-end.js";
import type { Supervised } from "./supervised.js";

const STOP = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;
/** A terminal and timeout(1) send one signal to the process and to its group; ms. */
const SAME_SIGNAL = 100;
const RELOAD = ["SIGHUP", "SIGUSR2"] as const;

/** Stops and reloads on signals, and exits the process when the master has stopped. */
export function handleMasterSignals(master: Supervised): void {
  ignoreOutputErrors();
  for (const signal of RELOAD) process.on(signal, () => void master.reload());
  let last = -Infinity;
  for (const signal of STOP) {
    process.on(signal, () => {
      const isRepeated = performance.now() - last < SAME_SIGNAL;
      last = performance.now();
      if (!isRepeated) void master.stop();
    });
  }
  master.once("stopped", () => process.exit());
}
