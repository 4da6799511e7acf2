/**
 * A point of time, in ms of a clock that is read eight times a second. Reading it for each request would cost too much, and
 * its last reading would make a deadline strike early. So a new deadline is negative: the time to wait, counted from the
 * next reading, which turns it into a point of time.
 */
export type Deadline = number;

/** Requests come and answers go. */
export interface OpenState {
  readonly kind: "open";
  /** What the connection waits for after the server began to close; `nothing` before. */
  readonly awaits: ClosingWait;
  /** When the connection closes if no request is active. */
  readonly deadline: Deadline;
}

/**
 * What a connection of a closing server still waits for: a first request or the rest of a BEGIN_REQUEST; one more request, as it
 * has just brought one; what had come when the last answer was written; or only for its active requests.
 */
export type ClosingWait =
  | "nothing"
  | "first request"
  | "one more request"
  | "last arrivals"
  | "active requests";

/** The peer has sent its last byte, and may still read answers. */
export interface PeerEndedState {
  readonly kind: "peer ended";
  /** When the connection is closed, unless an answer is being sent. */
  readonly deadline: Deadline;
}

/** The last answer is written, and what still comes is dropped: closing on unread input would reset the connection. */
export interface DrainingState {
  readonly kind: "draining";
  /** When the connection is closed, unless an answer is being sent. */
  readonly deadline: Deadline;
  /** Bytes that were dropped. */
  readonly dropped: number;
}

/** Another process is to have the connection, and nothing is read until it has, or does not take it. */
export interface OfferedState {
  readonly kind: "offered";
  /** Whether the peer has closed its side, which the other process reads too. */
  readonly hasEnded: boolean;
}

/** The socket is closed. */
export interface ClosedState {
  readonly kind: "closed";
}

/**
 * The state of a connection, with all that is known in it:
 *
 * ```
 *             peer closes its side
 *     open ─────────────────────────> peer ended
 *       │ ^                                │
 *       │ └── not taken ── offered         │
 *       │                     ^  │ taken   │
 *       ├── idle, hand-over ──┘  └──> closed
 *       │ last answer, idle,               │ last answer
 *       │ protocol error                   │
 *       v                                  │
 *   draining <─────────────────────────────┘
 *       │ peer closes, deadline, too much input
 *       v
 *    closed
 * ```
 *
 * A socket may close in any state, and nothing changes a closed one. Every other transition is a fault of our own, a TypeError.
 */
export type ConnectionState = OpenState | PeerEndedState | DrainingState | OfferedState | ClosedState;

/** The slowest that input may come while draining, in bytes per ms. */
const DRAIN_RATE = 16;

const OFFERED: OfferedState = { kind: "offered", hasEnded: false };

/** What follows every state when the socket closes. */
export const CLOSED: ClosedState = { kind: "closed" };

/** A connection begins; `idle` is how long it may have no request, in ms. */
export function open(idle: number): ConnectionState {
  return { kind: "open", awaits: "nothing", deadline: -idle };
}

/** No request is active from now on. Once the peer has ended, it waits no longer than before. */
export function restIdle(state: ConnectionState, idle: number): ConnectionState {
  // Mostly the deadline was set since the last reading of the clock: no object for each request.
  return state.kind === "open" && state.deadline !== -idle ? { ...state, deadline: -idle } : state;
}

/** The server closes: an open connection waits for no more than this, and if `wait` is given, no longer. */
export function awaitLast(state: ConnectionState, awaits: ClosingWait, wait?: number): ConnectionState {
  if (state.kind !== "open") return state;
  return { kind: "open", awaits, deadline: wait === undefined ? state.deadline : -wait };
}

/**
 * Since when no request is active on an open connection, in ms; Infinity if that is so since the last reading of the clock, undefined
 * if it is not known.
 */
export function idleSince(state: ConnectionState, idle: number): number | undefined {
  if (state.kind !== "open" || state.awaits !== "nothing" || !Number.isFinite(idle)) return undefined;
  return state.deadline < 0 ? Infinity : state.deadline - idle;
}

/** Another process is to have the connection. */
export function offer(state: ConnectionState): ConnectionState {
  if (state.kind !== "open") throw fault("offer", state);
  return OFFERED;
}

/** No other process takes it; `idle` is how long it may have no request, in ms. */
export function takeBack(state: ConnectionState, idle: number): ConnectionState {
  switch (state.kind) {
    case "offered":
      return state.hasEnded ? endPeer(open(idle)) : open(idle);
    case "closed":
      return state;
    default:
      throw fault("take back", state);
  }
}

/** The peer has closed its side. */
export function endPeer(state: ConnectionState): ConnectionState {
  switch (state.kind) {
    case "open":
      return { kind: "peer ended", deadline: state.deadline };
    case "offered":
      return { kind: "offered", hasEnded: true };
    case "draining":
    case "closed":
      return state;
    default:
      throw fault("end the peer's side of", state);
  }
}

/** A peer that closed its side still gets the answers that follow each other within `wait` ms. */
export function awaitAnswers(state: ConnectionState, wait: number): ConnectionState {
  return state.kind === "peer ended" ? { kind: "peer ended", deadline: -wait } : state;
}

/** The last answer is written; `wait` is how long the peer may take to close, in ms. */
export function drain(state: ConnectionState, wait: number): ConnectionState {
  switch (state.kind) {
    case "open":
    case "peer ended":
      return { kind: "draining", deadline: -wait, dropped: 0 };
    default:
      throw fault("drain", state);
  }
}

/** Input was dropped, which gives the peer the time that it takes at {@link DRAIN_RATE}. */
export function drop(state: ConnectionState, bytes: number): ConnectionState {
  switch (state.kind) {
    case "draining": {
      const by = bytes / DRAIN_RATE;
      const deadline = state.deadline < 0 ? state.deadline - by : state.deadline + by;
      return { kind: "draining", deadline, dropped: state.dropped + bytes };
    }
    case "closed":
      return state;
    default:
      throw fault("drop input of", state);
  }
}

/** A draining connection has no more than `wait` ms left; `now` is the last reading of the clock. */
export function hurry(state: ConnectionState, wait: number, now: number): ConnectionState {
  if (state.kind !== "draining") return state;
  const left = state.deadline < 0 ? -state.deadline : state.deadline - now;
  return left > wait ? { ...state, deadline: -wait } : state;
}

/** The clock was read: a new deadline counts from now. */
export function readClock(state: ConnectionState, now: number): ConnectionState {
  if (!hasDeadline(state) || state.deadline >= 0) return state;
  return { ...state, deadline: now - state.deadline };
}

/** Whether the deadline has passed, as of the clock that {@link readClock} was given. */
export function isOver(state: ConnectionState, now: number): boolean {
  return hasDeadline(state) && state.deadline >= 0 && now >= state.deadline;
}

function hasDeadline(state: ConnectionState): state is Exclude<ConnectionState, OfferedState | ClosedState> {
  return state.kind !== "closed" && state.kind !== "offered";
}

/** A transition that only a fault of our own can ask for. */
function fault(verb: string, { kind }: ConnectionState): TypeError {
  return new TypeError(`Cannot ${verb} connection: it is ${kind}`);
}
