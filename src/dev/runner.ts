import type { WorkerFailure } from "../supervisor/reports.js";
import type { Changes } from "./changes.js";
import type { ProgramProcess } from "./program-process.js";
import type { ServingProgram } from "./program-state.js";

/** How long a program may take until it calls serve, before that is said; ms. */
const START_LIMIT = 10_000;
/** How long requests without an answer may go on in a program that is replaced; ms. */
const FINISH_LIMIT = 2_000;
/** How long a program may take to end; ms. */
const END_LIMIT = 3_000;

/** What the programs run for. */
export interface Stage {
  /** Starts the program. */
  start(): ProgramProcess;
  /** A program is being started: requests wait for it. */
  starting(): void;
  /** A program answers requests. `took` is how long it has taken to start; ms. */
  serving(program: ServingProgram, took: number): Promise<void>;
  /** Finds the place of a failure that names none. */
  explained(failure: WorkerFailure): Promise<WorkerFailure>;
  /** There is none, and will be none before a file changes. */
  failed(failure: WorkerFailure): void;
  /** Ends its streams, and lets its requests finish within the limit. */
  finish(limit: number): Promise<void>;
  /** A program does not end in time, and is killed. */
  killing(limit: number): void;
}

/** Runs one program after another: a change of its files ends it, and the next one starts. */
export class Runner {
  readonly #stage: Stage;
  readonly #changes: Changes;
  #current: ProgramProcess | undefined;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(stage: Stage, changes: Changes) {
    this.#stage = stage;
    this.#changes = changes;
  }

  /** Runs until it is stopped. */
  run(): Promise<void> {
    return (this.#stopped ??= this.#run());
  }

  /** Lets the requests finish, and ends the program. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#changes.add();
    await this.#stopped;
  }

  /** Kills the program. */
  kill(): void {
    this.#isStopping = true;
    this.#current?.kill();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const changed = this.#changes.next();
      this.#stage.starting();
      const program = this.#stage.start();
      this.#current = program;
      await this.#play(program, changed);
      await this.#end(program);
    }
  }

  /** Follows a program until a change. */
  async #play(program: ProgramProcess, changed: Promise<void>): Promise<void> {
    const begin = performance.now();
    const late = setTimeout(() => {
      this.#stage.failed({
        sentence: `The program has not called serve within ${START_LIMIT / 1000} s`,
        details: [],
      });
    }, START_LIMIT);
    const started = await Promise.race([program.reached("serving"), changed]);
    clearTimeout(late);
    if (started?.kind === "serving") {
      await this.#stage.serving(started, performance.now() - begin);
      await Promise.race([program.reached(), changed]);
    }
    if (program.state.kind === "ended" && program.state.failure !== undefined && !this.#isStopping) {
      const failure = await Promise.race([this.#stage.explained(program.state.failure), changed]);
      if (failure === undefined) return;
      this.#stage.failed(failure);
      await changed;
    }
  }

  async #end(program: ProgramProcess): Promise<void> {
    if (!this.#isStopping) this.#stage.starting();
    await this.#stage.finish(FINISH_LIMIT);
    if (program.state.kind === "ended") return;
    program.stop();
    const late = setTimeout(() => {
      this.#stage.killing(END_LIMIT);
      program.kill();
    }, END_LIMIT);
    await program.reached();
    clearTimeout(late);
  }
}
