import { anchored, fromNextLook, later, timeLeft, type Deadline } from "./deadline.js";
import type { ServerLimits, ServerTimeouts } from "./options.js";

/** The slowest that an upload may go on behind its answer, in bytes per ms. */
const DRAIN_RATE = 16;

/** How long a connection that has sent its last answer may hold up a server that closes; ms. */
const CLOSING_DRAIN = 2_000;

/**
 * How long a server that closes waits on a connection for its first request, and for the rest of a BEGIN_REQUEST; ms. A Web
 * server connects only where it has a request to send, and sends it as soon as it gets to run again.
 */
const FIRST_REQUEST = 1_000;

/** The clock and the bounds by which a connection lives. */
export interface LifeBounds {
  /** What the clock said when deadlines were looked at last; ms. */
  readonly now: number;
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
}

/**
 * The states of a connection, and until when it may stay in them. It does no I/O: whoever asks from time to time learns
 * that the time is {@link over}.
 *
 * ```
 *   open ──(last answer sent, or none to come)──> draining ──(peer closes, too much input)──> closed
 * ```
 */
export class ConnectionLife {
  readonly #bounds: LifeBounds;
  /** `open`: requests come and answers go; `draining`: the last answer is sent, the rest of the input is dropped. */
  state: "open" | "draining" | "closed" = "open";
  /** Whether the peer has closed its side. */
  peerEnded = false;
  /** When the connection is given up. */
  #deadline: Deadline;
  #dropped = 0;

  constructor(bounds: LifeBounds) {
    this.#bounds = bounds;
    this.#deadline = fromNextLook(bounds.timeouts.idle);
  }

  /** Whether the connection has reached its deadline. */
  over(now: number): boolean {
    this.#deadline = anchored(this.#deadline, now);
    return now >= this.#deadline;
  }

  /** No request is active from now on. */
  idle(): void {
    if (this.state !== "open" || this.peerEnded) return;
    this.#deadline = fromNextLook(this.#bounds.timeouts.idle);
  }

  /** A peer that closed only its sending side still gets the answers that come soon, and soon after each other. */
  awaitAnswers(): void {
    this.#deadline = fromNextLook(this.#bounds.timeouts.halfClosed);
  }

  /** The server closes, and a request is about to come all the same. */
  awaitRequest(): void {
    this.#deadline = fromNextLook(FIRST_REQUEST);
  }

  /** The last answer is sent. */
  drain(): void {
    this.state = "draining";
    this.#deadline = fromNextLook(this.#bounds.timeouts.drain);
  }

  /** Behind the last answer input is dropped, no slower than {@link DRAIN_RATE}. Returns whether it is still in bounds. */
  drop(bytes: number): boolean {
    this.#dropped += bytes;
    this.#deadline = later(this.#deadline, bytes / DRAIN_RATE);
    return this.#dropped <= this.#bounds.limits.drainBytes;
  }

  /** The server closes, and does not wait for long for a peer that has its last answer. */
  hurry(): void {
    if (timeLeft(this.#deadline, this.#bounds.now) > CLOSING_DRAIN)
      this.#deadline = fromNextLook(CLOSING_DRAIN);
  }
}
