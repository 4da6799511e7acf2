import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { BackgroundProcess } from "./background-process.js";
import { program } from "./program.js";
import { webServerGroup, type ApplicationOptions } from "./served-application.js";

/** A gate that runs as a process of its own, to be killed. */
export class GateProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "tricorn-gate-"));
  readonly #process: BackgroundProcess;

  private constructor(address: string, { mount, serving }: Pick<ApplicationOptions, "mount" | "serving">) {
    this.#process = new BackgroundProcess({
      ...program("gate"),
      log: join(this.#folder, "log"),
      env: {
        TRICORN_LISTEN: address,
        TRICORN_LOG_LEVEL: "info",
        GATE_SERVING: JSON.stringify({
          ...(webServerGroup !== undefined && { socketAccess: { group: webServerGroup } }),
          ...serving,
        }),
        TRICORN_TEST_MOUNT: mount,
      },
    });
  }

  /** Starts it and waits until it listens. */
  static async start(
    address: string,
    options: Pick<ApplicationOptions, "mount" | "serving">,
  ): Promise<GateProcess> {
    const gate = new GateProcess(address, options);
    await gate.#process.line(/Listening on \S+ for (?:FastCGI|SCGI)/);
    return gate;
  }

  /** Resolves when it has said so often that it is deciding for ever. */
  async decides(times: number): Promise<void> {
    await this.#process.line(new RegExp(`(?:[^]*Deciding for ever){${times}}`));
  }

  /** Kills it. */
  async stop(): Promise<void> {
    if (!this.#process.isOver) await this.#process.stop("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
