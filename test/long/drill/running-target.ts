import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { hasVariable, runningProcesses, type RunningProcess } from "../../support/running-processes.js";
import { BackgroundProcess } from "../../support/web-servers/background-process.js";
import { freePort } from "../../support/web-servers/free-port.js";
import { Releases } from "./releases.js";
import type { Target, TargetPlace } from "./targets/target.js";

/** Between two looks at processes and sockets; ms. */
const POLL = 20;
/** How long a program may take to listen, and to end; ms. */
const START_LIMIT = 20_000;
const STOP_LIMIT = 15_000;

/** Where and how a target runs. */
export interface TargetOptions {
  /** A folder of its own. */
  readonly folder: string;
  readonly workers: number;
  readonly over: "unix" | "tcp";
  readonly programs: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens; by default at a place of its own. */
  readonly address?: string;
}

/** What a reload by a command ended with. */
export interface CommandEnd {
  readonly exitCode: number;
  readonly output: string;
  /** How long it took; ms. */
  readonly took: number;
}

/** What is left of a target that was stopped. */
export interface Leftovers {
  readonly processes: readonly string[];
  readonly files: readonly string[];
  /** How long the stop took; ms. */
  readonly took: number;
}

/** A target that runs: its master and everything that was started by it. */
export class RunningTarget {
  readonly #target: Target;
  readonly #options: TargetOptions;
  readonly #mark = `TRICORN_DRILL=${randomUUID()}`;
  readonly place: TargetPlace;
  #masters: BackgroundProcess[] = [];

  private constructor(target: Target, options: TargetOptions, address: string) {
    const { folder, workers, programs } = options;
    this.#target = target;
    this.#options = options;
    const run = join(folder, "run");
    // As a control socket wants its folder.
    mkdirSync(run, { mode: 0o700 });
    const application = join(programs, `test/long/drill/apps/${target.application ?? "application"}.mjs`);
    this.place = { run, folder, address, workers, programs, releases: new Releases(folder, application) };
    for (const [name, text] of Object.entries(target.files?.(this.place) ?? {})) {
      writeFileSync(join(folder, name), text);
    }
  }

  /** Starts a target, and waits until it listens or not at all. */
  static async start(
    target: Target,
    options: TargetOptions,
    until: "listens" | "at once" = "listens",
  ): Promise<RunningTarget> {
    const { folder, over } = options;
    const path = join(folder, target.leavesSocket === true ? "app.sock" : "run/app.sock");
    const address = options.address ?? (over === "unix" ? `unix:${path}` : `127.0.0.1:${await freePort()}`);
    const running = new RunningTarget(target, options, address);
    running.startMaster();
    if (until === "listens") await running.listens();
    return running;
  }

  get target(): Target {
    return this.#target;
  }

  get releases(): Releases {
    return this.place.releases;
  }

  /** The addresses that a Web server connects to. */
  get addresses(): readonly string[] {
    return this.#target.addresses?.(this.place) ?? [this.place.address];
  }

  /** The master that was started last. */
  get master(): BackgroundProcess {
    return this.#masters.at(-1)!;
  }

  /** Everything that its masters, and the workers through them, have printed. */
  get output(): string {
    return this.#masters.map(({ output }) => output).join("");
  }

  /** What its processes find in their environment. */
  get env(): Readonly<Record<string, string>> {
    const [name = "", value = ""] = this.#mark.split("=");
    return { ...this.#target.env?.(this.place), ...this.#options.env, [name]: value };
  }

  /** Starts a master; a second one takes over from one that was killed. */
  startMaster(): void {
    const { place } = this;
    const [program, ...args] = this.#target.command(place);
    const log = join(place.folder, `master-${this.#masters.length}.log`);
    this.#masters.push(new BackgroundProcess({ program, args, cwd: place.folder, env: this.env, log }));
  }

  /** Resolves when each of its addresses takes connections. */
  async listens(): Promise<void> {
    const deadline = performance.now() + START_LIMIT;
    for (const address of this.addresses) {
      while (!(await accepts(address))) {
        if (this.master.isOver || performance.now() > deadline)
          throw new Error(`${this.#target.name} does not listen on ${address}:\n${this.output}`);
        await delay(POLL);
      }
    }
  }

  /** Brings in the current release; resolves with what a command ended with, at once after a signal. */
  async reload(): Promise<CommandEnd | undefined> {
    const way = this.#target.reload(this.place);
    switch (way.kind) {
      case "signal":
        process.kill(this.master.pid, way.signal);
        return undefined;
      case "command":
        return this.run(way.command);
      case "restart":
        await this.master.stop(this.#target.stopSignal);
        this.startMaster();
        return undefined;
    }
  }

  /** Kills one of the processes that its master started. */
  killWorker(): void {
    const worker = this.processes.find(({ parent }) => parent === this.master.pid);
    if (worker !== undefined) kill(worker.pid);
  }

  /** Runs a command beside it. */
  async run([program, ...args]: readonly [string, ...string[]]): Promise<CommandEnd> {
    const begun = performance.now();
    const child = spawn(program, args, {
      cwd: this.place.folder,
      env: { ...process.env, ...this.#target.env?.(this.place) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
    const exitCode = await new Promise<number>((resolve) => {
      child.on("close", (code) => resolve(code ?? -1));
    });
    return { exitCode, output, took: performance.now() - begun };
  }

  /** Its processes: those with its mark, and the descendants of its masters, which may have written over it. */
  get processes(): readonly RunningProcess[] {
    const all = runningProcesses();
    const found = new Set(this.#masters.filter(({ isOver }) => !isOver).map(({ pid }) => pid));
    for (const { pid } of all) if (hasVariable(pid, this.#mark)) found.add(pid);
    for (let size = -1; size !== found.size;) {
      size = found.size;
      for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
    }
    return all.filter(({ pid }) => found.has(pid));
  }

  /** Ends it by its signal, and says what is left after that; whatever is left is killed. */
  async stop(): Promise<Leftovers> {
    const begun = performance.now();
    const known = new Set(this.processes.map(({ pid }) => pid));
    if (!this.master.isOver) process.kill(this.master.pid, this.#target.stopSignal);
    const left = (): RunningProcess[] => {
      for (const { pid } of this.processes) known.add(pid);
      return runningProcesses().filter(({ pid, isZombie }) => known.has(pid) && !isZombie);
    };
    while (left().length > 0 && performance.now() - begun < STOP_LIMIT) await delay(POLL);
    const took = performance.now() - begun;
    const processes = left();
    for (const { pid } of processes) kill(pid);
    for (const master of this.#masters) await master.stop("SIGKILL");
    return {
      processes: processes.map(({ pid, command }) => `${pid} ${command}`),
      files: readdirSync(this.place.run),
      took,
    };
  }
}

/** Kills a process that may have ended. */
export function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

function accepts(address: string): Promise<boolean> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve) => {
    const socket = host === "unix" ? connect(port!) : connect(Number(port), host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
