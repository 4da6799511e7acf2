import { ProtocolError, type AbortedError } from "../../errors.js";
import { ByteCollector } from "../byte-collector.js";

/** How far a request has come. */
export type Progress = "params" | "dispatched" | "answering";

/** PARAMS arrive. */
export interface ParamsPhase {
  readonly kind: "params";
  /** PARAMS as far as they have arrived. */
  readonly collected: ByteCollector;
  /** When PARAMS must have ended, in ms of the connection's clock; Infinity for no limit. */
  readonly deadline: number;
}

/** PARAMS have ended and the application has the request, but STDOUT has not begun. */
export interface DispatchedPhase {
  readonly kind: "dispatched";
  /** When STDOUT must have begun, in ms of the connection's clock; Infinity for no limit. */
  readonly deadline: number;
}

/** STDOUT has begun, so the status can no longer change. There is no deadline: the producer and the client set the pace. */
export interface AnsweringPhase {
  readonly kind: "answering";
}

/** The request ends early: the Web server aborted it, it broke a limit, or the connection or the server goes away. */
export interface RefusedPhase {
  readonly kind: "refused";
  /** The phase in which it was refused; `answering` also if STDOUT began since. */
  readonly during: Progress;
  /** What a handler is given as the reason; undefined if the request was refused before a handler had it. */
  readonly reason: AbortedError | undefined;
  /** Until when a handler that listens may still answer, in ms of the connection's clock. */
  readonly deadline: number;
}

/** END_REQUEST is queued, or the connection is gone: nothing more is sent. */
export interface EndedPhase {
  readonly kind: "ended";
  /** The phase in which it ended; of a refused request the one in which it was refused. */
  readonly during: Progress;
  /** Why it ended early, if it did. */
  readonly reason: AbortedError | undefined;
}

/**
 * The phase of an active request, with all that is known in it. An id without a request is inactive (section 3.3).
 *
 * ```
 *  BEGIN_REQUEST
 *       │
 *       v         limit, malformed, ABORT, time
 *    params ─────────────────────────────────────────┐
 *       │ PARAMS end                                 │
 *       v         ABORT, limit, time, shutdown       v
 *   dispatched ──────────────────────────────────> refused
 *       │ STDOUT begins                              ^ │
 *       v         ABORT, limit, shutdown             │ │
 *   answering ───────────────────────────────────────┘ │
 *       │ END_REQUEST                                  │ END_REQUEST
 *       v                                              v
 *     ended  <─────────────────────────────────────────┘
 * ```
 *
 * A connection that is gone ends a request in any phase. Every other transition is a fault: a {@link ProtocolError} if a
 * record asks for it, a TypeError if our own code does.
 */
export type RequestPhase = ParamsPhase | DispatchedPhase | AnsweringPhase | RefusedPhase | EndedPhase;

const ANSWERING: AnsweringPhase = { kind: "answering" };
// Nearly all requests end like this: one object for all of them.
const ANSWERED: EndedPhase = { kind: "ended", during: "answering", reason: undefined };

/** BEGIN_REQUEST: PARAMS must end by the deadline. */
export function awaitParams(deadline: number): ParamsPhase {
  return { kind: "params", collected: new ByteCollector(), deadline };
}

/** PARAMS have ended: the answer must begin by the deadline. */
export function dispatch(phase: RequestPhase, deadline: number): RequestPhase {
  if (phase.kind !== "params") throw fault("dispatch", phase);
  return { kind: "dispatched", deadline };
}

/** Sets another deadline for the answer; only a request that waits for its answer has one. */
export function awaitAnswer(phase: RequestPhase, deadline: number): RequestPhase {
  return phase.kind === "dispatched" && phase.deadline !== deadline
    ? { kind: "dispatched", deadline }
    : phase;
}

/** The first bytes of STDOUT. Further ones change nothing. */
export function startAnswer(phase: RequestPhase): RequestPhase {
  switch (phase.kind) {
    case "dispatched":
    case "answering":
      return ANSWERING;
    case "refused":
      return phase.during === "answering" ? phase : { ...phase, during: "answering" };
    default:
      throw fault("answer", phase);
  }
}

/** The request ends early. The first reason counts, and the deadline of the phase before holds until another is set. */
export function refuse(phase: RequestPhase, reason: AbortedError | undefined): RequestPhase {
  switch (phase.kind) {
    case "params":
    case "dispatched":
      return { kind: "refused", during: phase.kind, reason, deadline: phase.deadline };
    case "answering":
      return { kind: "refused", during: "answering", reason, deadline: Infinity };
    case "refused":
      return phase.reason === undefined && reason !== undefined ? { ...phase, reason } : phase;
    default:
      throw fault("refuse", phase);
  }
}

/** Gives the handler of a refused request until the deadline to answer. */
export function awaitRefused(phase: RequestPhase, deadline: number): RequestPhase {
  if (phase.kind !== "refused") throw fault("await the end of", phase);
  return { ...phase, deadline };
}

/** END_REQUEST is queued, or the connection is gone. */
export function end(phase: RequestPhase): RequestPhase {
  switch (phase.kind) {
    case "params":
    case "dispatched":
      return { kind: "ended", during: phase.kind, reason: undefined };
    case "answering":
      return ANSWERED;
    case "refused":
      return { kind: "ended", during: phase.during, reason: phase.reason };
    default:
      throw fault("end", phase);
  }
}

/**
 * Where a piece of PARAMS goes; undefined if it is dropped.
 *
 * @throws ProtocolError `ERR_FCGI_STREAM_CLOSED` if PARAMS have ended
 */
export function collectorOf(phase: RequestPhase, requestId: number): ByteCollector | undefined {
  if (phase.kind === "params") return phase.collected;
  if (phase.kind === "refused" && phase.during === "params") return undefined;
  throw new ProtocolError(
    "ERR_FCGI_STREAM_CLOSED",
    `Cannot read PARAMS: they have ended for id ${requestId}`,
  );
}

/** How far the request has come, or had when it was refused or ended. */
export function progressOf(phase: RequestPhase): Progress {
  return phase.kind === "refused" || phase.kind === "ended" ? phase.during : phase.kind;
}

/** Why the request ends early, or did; undefined if it does not, or if no handler ever had it. */
export function reasonOf(phase: RequestPhase): AbortedError | undefined {
  return phase.kind === "refused" || phase.kind === "ended" ? phase.reason : undefined;
}

/** When the phase must be over, in ms of the connection's clock; Infinity for no limit. */
export function deadlineOf(phase: RequestPhase): number {
  return phase.kind === "answering" || phase.kind === "ended" ? Infinity : phase.deadline;
}

/** A transition that only a fault of our own can ask for. */
function fault(verb: string, { kind }: RequestPhase): TypeError {
  return new TypeError(`Cannot ${verb} request: its phase is ${kind}`);
}
