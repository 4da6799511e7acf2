import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BackgroundProcess } from "./background-process.js";
import { program } from "./program.js";
import { webServerGroup } from "./served-application.js";

/** A gate that runs as a process of its own, to be killed. */
export class GateProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "tricorn-gate-"));
  readonly #process: BackgroundProcess;

  private constructor(address: string) {
    this.#process = new BackgroundProcess({
      ...program("gate"),
      log: join(this.#folder, "log"),
      env: {
        TRICORN_LISTEN: address,
        TRICORN_LOG_LEVEL: "info",
        GATE_GROUP: webServerGroup,
      },
    });
  }

  /** Starts it and waits until it listens. */
  static async start(address: string): Promise<GateProcess> {
    const gate = new GateProcess(address);
    await gate.#process.line(/Listening on \S+ for FastCGI/);
    return gate;
  }

  /** Resolves when it says that it is deciding for ever. */
  async decides(): Promise<void> {
    await this.#process.line(/Deciding for ever/);
  }

  /** Kills it. */
  async stop(): Promise<void> {
    if (!this.#process.isOver) await this.#process.stop("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
