import type { ServedApplication } from "../serve/development-messages.js";
import type { WorkerFailure } from "../supervisor/reports.js";

/** The program is being loaded, and its start hooks run. */
export interface StartingProgram {
  readonly kind: "starting";
}

/** It answers requests. */
export interface ServingProgram {
  readonly kind: "serving";
  /** Where it listens for FastCGI. */
  readonly address: string;
  readonly application: ServedApplication;
}

/** It was asked to end, or killed. */
export interface LeavingProgram {
  readonly kind: "leaving";
}

/** The process is gone. */
export interface EndedProgram {
  readonly kind: "ended";
  /** Why, unless it was asked to. */
  readonly failure: WorkerFailure | undefined;
}

/**
 * The life of a process that runs the program:
 *
 * ```
 *            calls serve          asked to end
 *  starting ────────────> serving ────────────> leaving
 *     │                      │                     │
 *     ├──────────────────────┼─────────────────────┘
 *     │ process exits        │
 *     └───────────────────> ended
 * ```
 *
 * One that was asked to end while it was starting is leaving too.
 */
export type ProgramState = StartingProgram | ServingProgram | LeavingProgram | EndedProgram;

/** How a process has ended. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** It serves. What comes too late changes nothing. */
export function serve(state: ProgramState, serving: Omit<ServingProgram, "kind">): ProgramState {
  return state.kind === "starting" ? { kind: "serving", ...serving } : state;
}

/** It is asked to end. */
export function leave(state: ProgramState): ProgramState {
  return state.kind === "ended" ? state : { kind: "leaving" };
}

/** The process has exited; `failure` is what it has said about it. */
export function end(state: ProgramState, failure: WorkerFailure): ProgramState {
  switch (state.kind) {
    case "ended":
      return state;
    case "leaving":
      return { kind: "ended", failure: undefined };
    default:
      return { kind: "ended", failure };
  }
}

/** How a process ended, in words. */
export function formatExit({ code, signal }: ProgramExit): string {
  return signal === null ? `with code ${code}` : `by ${signal}`;
}
