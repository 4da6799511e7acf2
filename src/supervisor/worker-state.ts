/** Why a worker is asked to leave. */
export type LeaveReason = "reload" | "requests" | "memory" | "age" | "disconnected" | "stop" | "itself";

/** The program is being loaded, and its start hooks run. */
export interface StartingState {
  readonly kind: "starting";
}

/** It can serve, but does not listen yet. */
export interface PreparedState {
  readonly kind: "prepared";
}

/** It serves. */
export interface ReadyState {
  readonly kind: "ready";
}

/** It accepts nothing, hands its idle connections over, and finishes its requests. */
export interface LeavingState {
  readonly kind: "leaving";
  readonly why: LeaveReason;
}

/** It has no connection left, and runs its stop hooks. */
export interface EndingState {
  readonly kind: "ending";
}

/** SIGKILL was sent. */
export interface KilledState {
  readonly kind: "killed";
  /** What it did not do in time. */
  readonly why: string;
}

/** The process is gone. */
export interface EndedState {
  readonly kind: "ended";
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly how: EndKind;
}

/**
 * How a process ended: before it could serve, although it was not asked to, as it was asked to, or by our SIGKILL.
 */
export type EndKind = "not started" | "crashed" | "left" | "killed";

/**
 * The life of a worker:
 *
 * ```
 *             loaded            listens         asked to leave       empty
 *  starting ─────────> prepared ───────> ready ───────────────> leaving ────> ending
 *      │                  │                │                        │            │
 *      ├──────────────────┴────────────────┴── out of time ─────────┴────────────┤
 *      │                                            │                            │
 *      │                                            v                            │
 *      │                                         killed                          │
 *      │ process exits                              │                            │
 *      └──────────────────────> ended <─────────────┴────────────────────────────┘
 * ```
 *
 * A worker that was asked to leave before it is ready goes to leaving too. A process may exit in any state, and nothing changes
 * an ended one. Every other transition is a fault of our own, a TypeError.
 */
export type WorkerState =
  | StartingState
  | PreparedState
  | ReadyState
  | LeavingState
  | EndingState
  | KilledState
  | EndedState;

/** The name of a state. */
export type WorkerStateName = WorkerState["kind"];

/** A worker begins. */
export const STARTING: StartingState = { kind: "starting" };

/** The program was loaded. */
export function prepare(state: WorkerState): WorkerState {
  switch (state.kind) {
    case "starting":
      return { kind: "prepared" };
    case "leaving":
    case "killed":
    case "ended":
      return state;
    default:
      throw fault("prepare", state);
  }
}

/** It listens. */
export function beReady(state: WorkerState): WorkerState {
  switch (state.kind) {
    case "prepared":
      return { kind: "ready" };
    case "leaving":
    case "killed":
    case "ended":
      return state;
    default:
      throw fault("serve with", state);
  }
}

/** It is asked to leave. The first reason stays. */
export function leave(state: WorkerState, why: LeaveReason): WorkerState {
  switch (state.kind) {
    case "starting":
    case "prepared":
    case "ready":
      return { kind: "leaving", why };
    default:
      return state;
  }
}

/** It has no connection left. */
export function beEmpty(state: WorkerState): WorkerState {
  switch (state.kind) {
    case "leaving":
      return { kind: "ending" };
    case "ending":
    case "killed":
    case "ended":
      return state;
    default:
      throw fault("end", state);
  }
}

/** It is killed. */
export function kill(state: WorkerState, why: string): WorkerState {
  return state.kind === "ended" || state.kind === "killed" ? state : { kind: "killed", why };
}

/** The process has exited. */
export function end(
  state: WorkerState,
  { code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
): WorkerState {
  return state.kind === "ended" ? state : { kind: "ended", code, signal, how: endKind(state) };
}

/** Whether it serves, or will without being asked again. */
export function isStaying({ kind }: WorkerState): boolean {
  return kind === "starting" || kind === "prepared" || kind === "ready";
}

function endKind(state: Exclude<WorkerState, EndedState>): EndKind {
  switch (state.kind) {
    case "starting":
    case "prepared":
      return "not started";
    case "ready":
      return "crashed";
    case "leaving":
    case "ending":
      return "left";
    default:
      return "killed";
  }
}

function fault(verb: string, { kind }: WorkerState): TypeError {
  return new TypeError(`Cannot ${verb} worker: it is ${kind}`);
}
