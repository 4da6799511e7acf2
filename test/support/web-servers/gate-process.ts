import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BackgroundProcess } from "./background-process.js";
import { program } from "./program.js";

/** A gate that runs as a process of its own, to be killed. */
export class GateProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "tricorn-gate-"));
  readonly #process: BackgroundProcess;
  #address = "";

  private constructor() {
    this.#process = new BackgroundProcess({
      ...program("gate"),
      log: join(this.#folder, "log"),
      env: { TRICORN_LISTEN: "127.0.0.1:0", TRICORN_LOG_LEVEL: "info" },
    });
  }

  /** Starts it and waits until it listens. */
  static async start(): Promise<GateProcess> {
    const gate = new GateProcess();
    const [, address] = await gate.#process.line(/Listening on (\S+) for FastCGI/);
    gate.#address = address!;
    return gate;
  }

  get address(): string {
    return this.#address;
  }

  /** Kills it as soon as it says that it is deciding for ever. */
  async killWhileDeciding(): Promise<void> {
    await this.#process.line(/Deciding for ever/);
    await this.#process.stop("SIGKILL");
  }

  async stop(): Promise<void> {
    if (!this.#process.isOver) await this.#process.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
