import { randomUUID } from "node:crypto";
import { expect, onTestFinished } from "vitest";

import { hasVariable, runningProcesses } from "./running-processes.js";

/**
 * The processes of one start, however they were forked: they are found by a variable that all of them inherit.
 * Those that are left when the test ends are killed.
 */
export class MarkedProcesses {
  readonly #mark = `TRICORN_TEST_MARK=${randomUUID()}`;

  constructor() {
    onTestFinished(() => this.signal("SIGKILL"));
  }

  /** The variable in their environment, as `NAME=value`. */
  get mark(): string {
    return this.#mark;
  }

  /** The same as an object. */
  get env(): Readonly<Record<string, string>> {
    const [name = "", value = ""] = this.#mark.split("=");
    return { [name]: value };
  }

  /** Those that run. */
  get pids(): readonly number[] {
    return runningProcesses()
      .map(({ pid }) => pid)
      .filter((pid) => hasVariable(pid, this.#mark));
  }

  /** Sends a signal to all of them, as a terminal does. The end of one may end others meanwhile. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids) signalIfRunning(pid, signal);
  }

  /** Waits until one of them has ended. */
  async ended(pid: number): Promise<void> {
    await expect.poll(() => this.pids, { interval: 20 }).not.toContain(pid);
  }

  /** Waits until none is left: the system reports the end of a process only to its parent. */
  async gone(): Promise<void> {
    await expect.poll(() => this.pids, { interval: 20 }).toEqual([]);
  }
}

/** Sends a signal to a process that may have ended. */
export function signalIfRunning(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
