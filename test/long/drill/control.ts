import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";

import { BackgroundProcess } from "../../support/web-servers/background-process.js";
import type { RunningTarget } from "./running-target.js";

/**
 * Starts what a reload starts and ends what it ends, but takes nothing over: what the machine does then and the target's
 * answers suffer from is not due to the reload.
 */
export class Control {
  readonly #target: RunningTarget;
  #processes: readonly BackgroundProcess[] = [];

  constructor(target: RunningTarget) {
    this.#target = target;
  }

  /** Starts as many processes as a reload, one after the other, and ends those of the last time. */
  async run(): Promise<void> {
    const old = this.#processes;
    const { place, target } = this.#target;
    const { alone } = target;
    if (alone === undefined) throw new Error(`Cannot start ${target.name} alone`);
    const folder = mkdtempSync(join(place.folder, "control-"));
    const started: BackgroundProcess[] = [];
    for (let number = 0; number < alone.processes(place); number += 1) {
      const own = {
        ...place,
        folder: join(folder, String(number)),
        address: `unix:${folder}/${number}.sock`,
      };
      mkdirSync(own.folder);
      const [program, ...args] = alone.command(own);
      const process = new BackgroundProcess({
        program,
        args,
        cwd: folder,
        env: { ...this.#target.env, TRICORN_LISTEN: own.address },
        log: join(own.folder, "log"),
      });
      started.push(process);
      await process.line(alone.isReady);
    }
    this.#processes = started;
    await Promise.all(old.map((process) => process.stop()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}
