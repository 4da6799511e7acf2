import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { HOST, IN_PROCESS, JOURNAL } from "../contract.js";
import { RunningTarget, kill, type CommandEnd, type Leftovers } from "../running-target.js";
import { controlOf, tricornCommand, tricornWith } from "../targets/tricorn.js";

/** What a master logs when it serves. */
const SUPERVISING = /"msg":"Supervising /;
/** Between two looks at processes; ms. */
const POLL = 10;

/** Where a host is, and what it runs. */
export interface HostOptions {
  /** Its number: 0, 1, … */
  readonly number: number;
  /** A folder of its own. */
  readonly folder: string;
  /** The ports of the application and of its health checks, the same on each host. */
  readonly ports: { readonly application: number; readonly health: number };
  readonly workers: number;
  readonly programs: string;
  /** Whether the application asks authorizers itself. */
  readonly inProcess: boolean;
}

/** Where a host has its addresses. */
export function ipOf(host: number): string {
  return `127.0.0.${host + 2}`;
}

/** A machine with `tricorn serve`, as far as an address of the loopback interface can be one. */
export class Host {
  readonly number: number;
  readonly #target: RunningTarget;
  readonly #programs: string;

  private constructor({ number, programs }: HostOptions, target: RunningTarget) {
    this.number = number;
    this.#programs = programs;
    this.#target = target;
  }

  static async start(options: HostOptions): Promise<Host> {
    const { number, folder, ports, workers, programs, inProcess } = options;
    mkdirSync(folder);
    const journal = journalOf(folder);
    writeFileSync(journal, "");
    const ip = ipOf(number);
    const health = `${ip}:${ports.health}`;
    const kind = tricornWith({ options: ["--status-listen", health], application: "host" });
    const target = await RunningTarget.start(kind, {
      folder,
      workers,
      over: "tcp",
      address: `${ip}:${ports.application}`,
      programs,
      env: { [HOST]: String(number), [JOURNAL]: journal, ...(inProcess && { [IN_PROCESS]: "1" }) },
    });
    // Then its health can be checked, too.
    await target.master.line(SUPERVISING);
    return new Host(options, target);
  }

  get output(): string {
    return this.#target.output;
  }

  /** Runs `tricorn stop --drain`, which returns when the host has stopped. */
  drain(seconds: number): Promise<CommandEnd> {
    const control = controlOf(this.#target.place);
    const stop = ["stop", "--drain", String(seconds), "--control", control];
    return this.#target.run([...tricornCommand({ programs: this.#programs }), ...stop]);
  }

  /** Kills all of its processes, as a machine that loses its power; resolves with when that was. */
  async kill(): Promise<{ readonly at: number }> {
    const { master, processes } = this.#target;
    const at = performance.now();
    // The master first: it would replace its workers.
    kill(master.pid);
    for (const { pid } of processes) kill(pid);
    while (this.#target.processes.some(({ isZombie }) => !isZombie)) await delay(POLL);
    return { at };
  }

  /** Starts it again. */
  async startAgain(): Promise<void> {
    this.#target.startMaster();
    await this.#target.master.line(SUPERVISING);
  }

  stop(): Promise<Leftovers> {
    return this.#target.stop();
  }
}

/** The file in which a host notes its requests. */
export function journalOf(folder: string): string {
  return join(folder, "journal");
}
