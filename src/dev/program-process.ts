import { spawn, type ChildProcess } from "node:child_process";

import { WORKER_VARIABLE, type DevelopmentPlace } from "../process/worker-place.js";
import type { FailureReport } from "../roles/failure.js";
import type { MessageOfProgram, MessageToProgram } from "../serve/development-messages.js";
import { Channel } from "../supervisor/channel.js";
import { failureOfOutput } from "../supervisor/failure-of-output.js";
import { LineReader } from "../supervisor/line-reader.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import * as states from "./program-state.js";

/** The descriptor of the log in a program. */
const LOG_DESCRIPTOR = 4;
/** Lines of standard error that are kept of a program that has not started; they may say why. */
const KEPT_LINES = 200;
/** How long what a starting program prints is held back, since it may be the report of its end; ms. */
const HOLD = 3_000;
/** The most of it; beyond, it is passed on at once. Bytes. */
const MOST_HELD = 256 * 1024;
/** The first lines in which Node.js reports an error that ends a process: its place, or the error. */
const REPORT =
  /^(?:node:internal\/.*:\d+|(?:file:\/\/)?\/.*:\d+|(?:Uncaught )?(?:[A-Z]\w*)?Error(?: \[\w+\])?: .*)$/m;
/** How long the last output of a process that has ended is waited for; ms. */
const OUTPUT_WAIT = 200;

/** What is run. */
export interface ProgramStart {
  /** The absolute path of the program. */
  readonly script: string;
  readonly args: readonly string[];
  /** The URL of the module that runs before it. */
  readonly waitingModule: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where it listens. */
  readonly address: string;
}

/** What a program lets the development server know, beside its state. */
export interface ProgramListener {
  /** A request could not be completed. */
  requestFailed(report: FailureReport): void;
  /** A line of its log. */
  logged(line: string): void;
  /** What it has written to standard error. */
  printed(text: Buffer): void;
}

/** One process that runs the program. */
export class ProgramProcess {
  readonly #child: ChildProcess;
  readonly #channel: Channel<MessageToProgram, MessageOfProgram>;
  readonly #errors: string[] = [];
  readonly #listener: ProgramListener;
  /** What it has printed and was not passed on yet. */
  #held: Buffer[] | undefined = [];
  #heldBytes = 0;
  #isWaiting = false;
  #isWanted = false;
  #failure: WorkerFailure | undefined;
  #state: states.ProgramState = { kind: "starting" };
  #waiting: (() => void)[] = [];

  constructor(start: ProgramStart, listener: ProgramListener) {
    const { script, args, waitingModule, environment, address } = start;
    this.#listener = listener;
    const place: DevelopmentPlace = { kind: "development", address };
    this.#child = spawn(
      process.execPath,
      ["--enable-source-maps", "--import", waitingModule, script, ...args],
      {
        env: {
          TRICORN_LOG: `fd:${LOG_DESCRIPTOR}`,
          ...environment,
          [WORKER_VARIABLE]: JSON.stringify(place),
        },
        // Its own output goes where this process's output goes.
        stdio: ["inherit", "inherit", "pipe", "ipc", "pipe"],
      },
    );
    this.#channel = new Channel(this.#child, (message) => {
      switch (message.kind) {
        case "waiting":
          this.#isWaiting = true;
          this.#load();
          return;
        case "serving":
          this.#release();
          this.#change(states.serve(this.#state, message));
          return;
        case "failed":
          this.#failure = message.failure;
          return;
        case "request failed":
          listener.requestFailed(message.report);
          return;
        default:
          message satisfies never;
      }
    });
    const errors = new LineReader((line) => {
      if (this.#state.kind !== "starting") return;
      if (this.#errors.length === KEPT_LINES) this.#errors.shift();
      this.#errors.push(line);
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      errors.read(chunk);
      if (this.#held === undefined) listener.printed(chunk);
      else this.#hold(chunk);
    });
    const log = new LineReader((line) => listener.logged(line));
    this.#child.stdio[LOG_DESCRIPTOR]?.on("data", (chunk: Buffer) => log.read(chunk));
    this.#child.on("error", (error) => {
      this.#failure ??= { sentence: `Cannot start program: ${error.message}`, details: [] };
      if (this.#child.pid === undefined) this.#exited({ code: null, signal: null });
    });
    // After `close` all of its output was read; but children of the program may keep it open.
    this.#child.once("exit", (code, signal) =>
      setTimeout(() => this.#exited({ code, signal }), OUTPUT_WAIT).unref(),
    );
    this.#child.once("close", (code, signal) => {
      errors.end();
      log.end();
      this.#exited({ code, signal });
    });
  }

  get state(): states.ProgramState {
    return this.#state;
  }

  /** Resolves with the first state that is one of these, or with the end. */
  async reached<K extends states.ProgramState["kind"]>(
    ...kinds: readonly K[]
  ): Promise<Extract<states.ProgramState, { kind: K | "ended" }>> {
    while (this.#state.kind !== "ended" && !(kinds as readonly string[]).includes(this.#state.kind)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    return this.#state as Extract<states.ProgramState, { kind: K | "ended" }>;
  }

  /** Loads the program, for which the process has waited. */
  load(): void {
    this.#isWanted = true;
    this.#load();
    setTimeout(() => this.#release(), HOLD).unref();
  }

  /** Asks it to end. Its stop hooks run if it serves. */
  stop(): void {
    const wasServing = this.#state.kind === "serving";
    this.#change(states.leave(this.#state));
    if (wasServing && this.#channel.isOpen) this.#channel.send({ kind: "stop" });
    else this.#child.kill("SIGTERM");
  }

  /** Kills it. */
  kill(): void {
    this.#change(states.leave(this.#state));
    this.#child.kill("SIGKILL");
  }

  #load(): void {
    if (this.#isWanted && this.#isWaiting) this.#channel.send({ kind: "load" });
  }

  #hold(chunk: Buffer): void {
    this.#held?.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > MOST_HELD) this.#release();
  }

  /** Passes on what was held back. */
  #release(upTo?: number): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || held.length === 0) return;
    const text = Buffer.concat(held).subarray(0, upTo);
    if (text.length > 0) this.#listener.printed(text);
  }

  #exited(exit: states.ProgramExit): void {
    // What it reports of its end is reported with the failure.
    const text = Buffer.concat(this.#held ?? []).toString("latin1");
    this.#release(
      this.#failure === undefined && this.#state.kind === "starting" ? REPORT.exec(text)?.index : undefined,
    );
    this.#change(states.end(this.#state, this.#failureOf(exit)));
  }

  #failureOf(exit: states.ProgramExit): WorkerFailure {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#state.kind === "serving")
      return { sentence: `The program ended ${states.formatExit(exit)}`, details: [] };
    return failureOfOutput(this.#errors, { kind: "ended", ...exit, how: "not started" });
  }

  #change(state: states.ProgramState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
