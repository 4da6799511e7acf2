import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";

import { WORKER_VARIABLE, type InheritedSocket, type WorkerPlace } from "../process/worker-place.js";
import type { SocketHandle } from "../server/accepted-socket.js";
import { Channel, type MessageToMaster, type MessageToWorker } from "./channel.js";
import { failureOfOutput } from "./failure-of-output.js";
import { identityModule, type Identity } from "./identity.js";
import { LineReader } from "./line-reader.js";
import { parseMessageToMaster } from "./parse-message.js";
import type { WorkerFailure, WorkerReport, WorkerStatistics } from "./reports.js";
import { runtimeOf } from "./typescript-runtime.js";
import type { PrintedLine } from "./worker-output.js";
import * as states from "./worker-state.js";

/** The descriptors of a worker: its standard streams, the channel, then the listening sockets. */
const FIRST_SOCKET = 4;
/** Lines of standard error that are kept of a worker that has not started; it may say why. */
const KEPT_LINES = 100;

/** Of those, the lines that a report shows of a program that was killed. */
const KEPT_DETAILS = 10;
/** How long the last output of a worker that has ended is waited for; ms. */
const OUTPUT_WAIT = 200;

/** The program that workers run. */
export interface WorkerProgram {
  /** The path of the script, which is resolved anew at each start. */
  readonly script: string;
  readonly args: readonly string[];
  /** Options of Node.js. */
  readonly execArgv: readonly string[];
  /** The working directory, resolved anew at each start. */
  readonly directory: string;
  /** Who the workers are; undefined if they are who the master is. */
  readonly identity: Identity | undefined;
  /** Whether a worker logs where its event loop spins if that stands still. */
  readonly hangReport: boolean;
  /** Whether the workers count their requests. */
  readonly isObserved: boolean;
  /** How long a request may be active before a worker logs it, in ms; undefined if the program decides. */
  readonly slowLog: number | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Where its workers find the next master if this one dies. */
  readonly next: string | undefined;
}

/** What makes a worker. */
export interface WorkerStart {
  readonly program: WorkerProgram;
  readonly slot: number;
  readonly generation: number;
  /** The listening sockets of the master, by its own descriptors. */
  readonly sockets: readonly InheritedSocket[];
}

/** What a worker needs of its master. */
export interface WorkerListener {
  /** Its state has changed. */
  changed(worker: WorkerProcess): void;
  /** A message that is not about its state. */
  received(worker: WorkerProcess, message: MessageToMaster, handle: SocketHandle | undefined): void;
  /** A worker has printed a line. */
  printed(line: PrintedLine): void;
  /** It has closed its channel, although it runs. */
  disconnected(worker: WorkerProcess): void;
}

/** One worker: a child process, and what it has told of itself. */
export class WorkerProcess {
  readonly slot: number;
  readonly generation: number;
  readonly startedAt = Date.now();
  /** When it became ready, of the clock of `performance`; undefined before. */
  readyAt: number | undefined;
  /** What comes to it, as far as it is known: requests a second, and connections. */
  load = 0;
  /** The last statistics that it has sent; undefined if it was asked and has not answered. */
  statistics: WorkerStatistics | undefined;
  readonly #child: ChildProcess;
  readonly #listener: WorkerListener;
  readonly #channel: Channel<MessageToWorker>;
  readonly #errors: string[] = [];
  #failure: WorkerFailure | undefined;
  /** Resolves when it has stopped to read connections without a request. */
  readonly stopped: Promise<void>;
  /** Whether it has. */
  hasStopped = false;
  #markStopped = (): void => {};
  #waiting: (() => void)[] = [];
  #state: states.WorkerState = states.STARTING;

  constructor({ program, slot, generation, sockets }: WorkerStart, listener: WorkerListener) {
    this.slot = slot;
    this.stopped = new Promise((resolve) => {
      this.#markStopped = resolve;
    });
    this.generation = generation;
    this.#listener = listener;
    const { script, args, directory, environment, identity, hangReport, isObserved, slowLog } = program;
    const place: WorkerPlace = {
      kind: "worker",
      sockets: sockets.map(({ address }, index) => ({ fd: FIRST_SOCKET + index, address })),
      hangReport,
      isObserved,
      slowLog,
      master: process.pid,
      next: program.next,
    };
    // First of all: what else is loaded has no privileges any more.
    const asUser = identity === undefined ? [] : ["--import", identityModule(identity)];
    const execArgv = [...asUser, ...runtimeOf(script), ...program.execArgv];
    this.#child = spawn(process.execPath, [...execArgv, script, ...args], {
      cwd: directory,
      env: { ...environment, [WORKER_VARIABLE]: JSON.stringify(place) },
      stdio: ["ignore", "pipe", "pipe", "ipc", ...sockets.map(({ fd }) => fd)],
    });
    this.#channel = new Channel(this.#child, (body, handle) => {
      const message = parseMessageToMaster(body);
      if (message === undefined) handle?.close();
      else if ("fact" in message) this.#refuse(message.fact);
      else this.#receive(message, handle);
    });
    const { pid } = this;
    const output = new LineReader((text) => listener.printed({ pid, text, stream: "output" }));
    const errors = new LineReader((text) => {
      if (this.readyAt === undefined && this.#errors.length < KEPT_LINES) this.#errors.push(text);
      listener.printed({ pid, text, stream: "errors" });
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => output.read(chunk));
    this.#child.stderr?.on("data", (chunk: Buffer) => errors.read(chunk));
    this.#child.on("error", (error) => {
      // It could not be started: no exit follows.
      // The system names the program for a missing folder too.
      const fact = existsSync(directory) ? error.message : `there is no folder ${directory}`;
      this.#failure ??= { sentence: `Cannot start worker: ${fact}`, details: [] };
      if (this.#child.pid === undefined) this.#exited(null, null);
    });
    // At its end, too, it closes the channel first.
    this.#child.once("disconnect", () => setTimeout(() => this.#disconnected(), OUTPUT_WAIT));
    // After `close` all of its output was read; but children of the program may keep it open.
    this.#child.once("exit", (code, signal) => setTimeout(() => this.#exited(code, signal), OUTPUT_WAIT));
    this.#child.once("close", (code, signal) => {
      output.end();
      errors.end();
      this.#exited(code, signal);
    });
  }

  /** The id of the process; 0 if it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get state(): states.WorkerState {
    return this.#state;
  }

  /** Why it did not start. */
  get failure(): WorkerFailure {
    return this.#failure ?? failureOfOutput(this.#errors, this.#state);
  }

  /** What the master knows of it. */
  get report(): WorkerReport {
    const { pid, slot, generation, startedAt, statistics } = this;
    return { pid, slot, state: this.#state.kind, generation, startedAt, statistics };
  }

  /** Resolves in the first of these states, or when it has ended. */
  async reached(...kinds: readonly states.WorkerStateName[]): Promise<void> {
    while (this.#state.kind !== "ended" && !kinds.includes(this.#state.kind)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Sends a message; see {@link Channel.send}. */
  send(message: MessageToWorker, handle?: SocketHandle, sent?: () => void): void {
    this.#channel.send(message, handle, sent);
  }

  /** Asks it to hand its connections over and to end. */
  leave(why: states.LeaveReason): void {
    this.#change(states.leave(this.#state, why));
    if (this.#channel.isOpen) this.send({ kind: "leave" });
    else this.#child.kill("SIGTERM");
  }

  /** Asks it to finish its requests and to end. */
  stop(): void {
    const wasStarting = this.#state.kind === "starting";
    this.#change(states.leave(this.#state, "stop"));
    // Before it has a listener for the signal or the message, the signal ends it.
    if (wasStarting || !this.#channel.isOpen) this.#child.kill("SIGTERM");
    this.send({ kind: "stop" });
  }

  /** Kills it. */
  kill(why: string): void {
    if (this.readyAt === undefined) {
      this.#failure ??= {
        sentence: `The program was killed: ${why}`,
        details: this.#errors.slice(-KEPT_DETAILS),
      };
    }
    this.#change(states.kill(this.#state, why));
    this.#child.kill("SIGKILL");
  }

  #receive(message: MessageToMaster, handle: SocketHandle | undefined): void {
    switch (message.kind) {
      case "prepared":
        this.#listener.received(this, message, handle);
        this.#advance(states.prepare);
        return;
      case "ready":
        this.readyAt ??= performance.now();
        this.#advance(states.beReady);
        return;
      case "failed":
        this.#failure = message.failure;
        return;
      case "stopped":
        this.hasStopped = true;
        this.#markStopped();
        return;
      case "leaving":
        this.#change(states.leave(this.#state, "itself"));
        return;
      case "empty":
        this.#advance(states.beEmpty);
        this.send({ kind: "stop" });
        return;
      default:
        this.#listener.received(this, message, handle);
    }
  }

  /** Only its own code can have sent what does not belong in its state; the master must not end by that. */
  #advance(by: (state: states.WorkerState) => states.WorkerState): void {
    let next: states.WorkerState;
    try {
      next = by(this.#state);
    } catch (error) {
      this.#refuse((error as Error).message);
      return;
    }
    this.#change(next);
  }

  #refuse(fact: string): void {
    this.kill(`it sent a message that it must not send: ${fact}`);
  }

  /** `process.disconnect()` of its program: it can neither become ready nor hand connections over any more. */
  #disconnected(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (this.readyAt === undefined) this.kill("it has closed its channel to the master");
    else if (states.isStaying(this.#state)) this.#listener.disconnected(this);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#change(states.end(this.#state, { code, signal }));
  }

  #change(state: states.WorkerState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const resume of this.#waiting.splice(0)) resume();
    this.#listener.changed(this);
  }
}
