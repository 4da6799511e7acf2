import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

import { signalIfRunning } from "../marked-processes.js";
import type { Post } from "./gate-post.js";
import { ORDERS, PIDS, type Guard } from "./guard.js";
import type { RunningServer } from "./web-server.js";

/** How a post is known to its Web server. */
export interface SpawnedPostOptions {
  readonly server: () => RunningServer;
  /** Sends a request about which a guard decides at once. */
  readonly knock: () => Promise<unknown>;
}

/** The post of a gate that a Web server starts: each process learns who it is to be when it begins. */
export class SpawnedGatePost implements Post {
  readonly #folder: string;
  readonly #server: () => RunningServer;
  readonly #knock: () => Promise<unknown>;

  /** @param folder becomes the folder of the post; the program lies in it, too */
  constructor(folder: string, { server, knock }: SpawnedPostOptions) {
    this.#folder = folder;
    this.#server = server;
    this.#knock = knock;
    mkdirSync(join(folder, PIDS), { recursive: true });
    // Who starts the program may run as somebody else.
    chmodSync(join(folder, PIDS), 0o777);
    writeFileSync(join(folder, ORDERS), "gate");
  }

  /** Those who are there are killed, so that the Web server starts others. */
  async place(guard: Guard): Promise<void> {
    this.#signal(guard, "SIGKILL");
    if (guard === "gone") return;
    // The Web server first tries those who were there before.
    await expect.poll(() => this.#knock().then(() => this.#running().length)).toBeGreaterThan(0);
  }

  /** A process decides about one question at a time. */
  async decides(questions: number): Promise<void> {
    const isDeciding = (pid: number): boolean =>
      new RegExp(`Deciding for ever in process ${pid}\\b`).test(this.#server().errorLog);
    await expect.poll(() => this.#running().filter(isDeciding).length).toBeGreaterThanOrEqual(questions);
  }

  async kill(): Promise<void> {
    this.#signal("gate", "SIGKILL");
  }

  async shutDown(): Promise<void> {
    this.#signal("gate", "SIGTERM");
  }

  /** Ends those who are there. Whoever the Web server starts in their place, for what they leave behind, is such a guard. */
  #signal(next: Guard, signal: NodeJS.Signals): void {
    writeFileSync(join(this.#folder, ORDERS), next);
    for (const pid of this.#running()) signalIfRunning(pid, signal);
  }

  /** The processes that are there; of those that have ended only the numbers are left, which others may have by now. */
  #running(): number[] {
    const pids = readdirSync(join(this.#folder, PIDS));
    return pids.filter((pid) => commandOf(pid).includes(this.#folder)).map(Number);
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
