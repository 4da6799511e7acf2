import type { ServerLimits, ServerTimeouts } from "./options.js";

/** The slowest that an upload may go on behind its answer, in bytes per ms. */
const DRAIN_RATE = 16;

/** How long a connection that has sent its last answer may hold up a server that closes; ms. */
const CLOSING_DRAIN = 2_000;

/** The clock and the bounds by which a connection lives. */
export interface LifeBounds {
  /** Milliseconds of a coarse clock. */
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
  #deadline: number;
  #drainStart = 0;
  #dropped = 0;

  constructor(bounds: LifeBounds) {
    this.#bounds = bounds;
    this.#deadline = bounds.now + bounds.timeouts.idle;
  }

  /** Whether the connection has reached its deadline. */
  over(now: number): boolean {
    return now >= this.#deadline;
  }

  /** No request is active from now on. */
  idle(): void {
    if (this.state !== "open" || this.peerEnded) return;
    this.#deadline = this.#bounds.now + this.#bounds.timeouts.idle;
  }

  /** A peer that closed only its sending side still gets the answers that come soon, and soon after each other. */
  awaitAnswers(): void {
    this.#deadline = this.#bounds.now + this.#bounds.timeouts.halfClosed;
  }

  /** The last answer is sent. */
  drain(): void {
    this.state = "draining";
    this.#drainStart = this.#bounds.now;
    this.#deadline = this.#drainStart + this.#bounds.timeouts.drain;
  }

  /** Behind the last answer input is dropped, no slower than {@link DRAIN_RATE}. Returns whether it is still in bounds. */
  drop(bytes: number): boolean {
    const { limits, timeouts } = this.#bounds;
    this.#dropped += bytes;
    this.#deadline = this.#drainStart + timeouts.drain + this.#dropped / DRAIN_RATE;
    return this.#dropped <= limits.drainBytes;
  }

  /** The server closes, and does not wait for long for a peer that has its last answer. */
  hurry(): void {
    this.#deadline = Math.min(this.#deadline, this.#bounds.now + CLOSING_DRAIN);
  }
}
