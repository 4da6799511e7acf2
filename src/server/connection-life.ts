import type { Duplex } from "node:stream";

import type { ApplicationSide } from "../protocol/application-side/application-side.js";
import * as states from "./connection-state.js";
import type { ServerTimeouts } from "./options.js";
import type { SocketInput } from "./socket-input.js";
import type { SocketOutput } from "./socket-output.js";

/** How long a connection that has its last answer may hold up a closing server; ms. */
const CLOSING_DRAIN = 2_000;
/**
 * How long a closing server waits on a connection for its first request, or for the rest of a BEGIN_REQUEST; ms. A Web server
 * connects only if it has a request to send, and sends it as soon as it runs again.
 */
const FIRST_REQUEST = 1_000;
/**
 * How long an idle connection waits that has brought a request a moment ago; ms. nginx 1.22 sends the next request on the one that it
 * has used last: closing would meet that request on its way, and nginx does not repeat a POST. With its next answer it closes.
 */
const ONE_MORE_REQUEST = 250;

/** When a closing server closes its idle connections: one that was just used may be about to bring one more request. */
export type IdleEnd = "at once" | "after one more request";

/** The parts of a connection that its end concerns. */
export interface ConnectionParts {
  readonly side: ApplicationSide;
  readonly input: SocketInput;
  readonly output: SocketOutput;
  /** `now` is the last reading of the clock, in ms. */
  readonly owner: { readonly timeouts: ServerTimeouts; readonly now: number };
}

/** The state of one connection, and its end in the order that loses no answer (sections 3.5 and 5.5). */
export class ConnectionLife {
  readonly #socket: Duplex;
  readonly #parts: ConnectionParts;
  #state: states.ConnectionState;

  constructor(socket: Duplex, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#state = states.open(parts.owner.timeouts.idle);
  }

  get state(): states.ConnectionState {
    return this.#state;
  }

  /** Whether requests are read and answers written. */
  get isServing(): boolean {
    return this.#state.kind === "open" || this.#state.kind === "peer ended";
  }

  /** No request is active from now on. */
  idle(): void {
    this.#state = states.restIdle(this.#state, this.#parts.owner.timeouts.idle);
  }

  /** Another process is to have the connection: nothing of it is read. */
  offer(): void {
    this.#state = states.offer(this.#state);
  }

  /** No other process takes it. */
  takeBack(): void {
    this.#state = states.takeBack(this.#state, this.#parts.owner.timeouts.idle);
  }

  /** The peer has closed its side. */
  peerEnded(): void {
    this.#state = states.endPeer(this.#state);
  }

  /** Output was written, or requests are active at the end of the input: a peer that has ended waits for their answers. */
  awaitAnswers(): void {
    this.#state = states.awaitAnswers(this.#state, this.#parts.owner.timeouts.halfClosed);
  }

  /** Drops input that comes after the last answer. Returns how much was dropped in all; bytes. */
  drop(bytes: number): number {
    this.#state = states.drop(this.#state, bytes);
    return this.#state.kind === "draining" ? this.#state.dropped : 0;
  }

  /** The socket is closed. */
  closed(): void {
    this.#state = states.CLOSED;
  }

  /** Ends a connection that has waited too long for a request or for its peer. */
  expire(now: number): void {
    this.#state = states.readClock(this.#state, now);
    if (!states.isOver(this.#state, now)) return;
    if (this.#state.kind !== "open") {
      // While an answer is on its way, the time-out of the socket decides.
      if (this.#parts.output.isEmpty) this.#socket.destroy();
    } else if (this.#parts.side.activeCount === 0) {
      if (this.#state.awaits === "nothing") this.startDraining();
      else this.closeIdle();
    }
  }

  /**
   * Closes as soon as no request is active: at once if none is and everything that had come was read. A connection that has
   * brought no request yet, or half a BEGIN_REQUEST, is given a moment.
   */
  closeWhenIdle(idleEnd: IdleEnd = "at once"): void {
    const { side, input } = this.#parts;
    if (this.#state.kind === "draining") {
      this.#hurry();
      return;
    }
    side.finishWhenIdle();
    const isIdle = side.finished && input.rest === undefined;
    if (side.expectsRequest) {
      this.#state = states.awaitLast(this.#state, "first request", isIdle ? FIRST_REQUEST : undefined);
    } else if (isIdle && idleEnd === "after one more request" && this.#wasJustUsed()) {
      this.#state = states.awaitLast(this.#state, "one more request", ONE_MORE_REQUEST);
    } else {
      this.#state = states.awaitLast(this.#state, "active requests");
      if (isIdle) this.closeIdle();
    }
  }

  #wasJustUsed(): boolean {
    const { owner } = this.#parts;
    const since = states.idleSince(this.#state, owner.timeouts.idle);
    return since !== undefined && owner.now - since < ONE_MORE_REQUEST;
  }

  /**
   * Decides after each write whether its answers are the last. If more requests may have arrived, the connection stays open until
   * those bytes are read.
   */
  decideLast(): boolean {
    const { side, input } = this.#parts;
    return side.finished && input.rest === undefined && !this.#mayBringMore();
  }

  /** Whether a connection without an active request stays open although the server closes. */
  #mayBringMore(): boolean {
    const { side } = this.#parts;
    const state = this.#state;
    if (state.kind !== "open" || state.awaits === "nothing") return false;
    if (state.awaits === "first request" && side.expectsRequest) return true;
    if (!side.multiplexes) return false;
    // A Web server that multiplexes does not wait for an answer before it sends the next request.
    if (state.awaits !== "last arrivals") setImmediate(() => setImmediate(this.#arrivalsRead));
    this.#state = states.awaitLast(state, "last arrivals");
    return true;
  }

  /** Everything was read that had come when the last answer was written. */
  readonly #arrivalsRead = (): void => {
    if (this.#state.kind !== "open" || this.#state.awaits !== "last arrivals") return;
    this.#state = states.awaitLast(this.#state, "active requests");
    if (this.#parts.side.finished) this.closeIdle();
  };

  /** Closes a connection on which no request is active. */
  closeIdle(): void {
    const { side, output } = this.#parts;
    this.finish();
    // Nothing is on its way in either direction, so nothing can be lost.
    if (side.inputComplete && output.isEmpty) this.#socket.destroy();
    else this.#hurry();
  }

  /** Writes the last answer and closes; nginx without keep-alive waits for that (section 3.5). */
  finish(): void {
    const { side, output } = this.#parts;
    if (side.output.length === 0 || !side.inputComplete) {
      output.write(side.output);
      this.startDraining();
      return;
    }
    // Nothing is on its way to us that a close could answer with a reset, so no half-close is needed.
    this.#drain();
    output.writeLast(side.output);
  }

  /** Half-closes, and reads on until the peer closes too: closing on unread input would reset what was just sent. */
  startDraining(): void {
    if (!this.isServing) return;
    this.#drain();
    this.#parts.output.end();
    this.#parts.input.paused = false;
  }

  #drain(): void {
    this.#state = states.drain(this.#state, this.#parts.owner.timeouts.drain);
    this.#parts.input.rest = undefined;
  }

  #hurry(): void {
    this.#state = states.hurry(this.#state, CLOSING_DRAIN, this.#parts.owner.now);
  }
}
