import { AbortedError } from "../errors.js";
import type { IdleEnd } from "./connection-life.js";
import { HandOver, type Offer } from "./hand-over.js";
import { lastTurns } from "./last-turns.js";
import { BACKLOG } from "./listening.js";
import { neverEarly } from "./never-early.js";
import type { ServerTimeouts } from "./options.js";

/** A listener as its server ends it. */
export interface EndingListener {
  hide(): void;
  close(): Promise<void>;
}

/** A connection as its server ends it. */
export interface EndingConnection {
  closeWhenIdle(idleEnd?: IdleEnd): void;
  leave(handOver: HandOver): void;
  stay(): void;
  refuseAll(reason: AbortedError): void;
  destroy(): void;
}

/** The parts of a server that end. */
export interface EndingParts {
  readonly timeouts: Pick<ServerTimeouts, "shutdown" | "abortGrace">;
  readonly listeners: EndingListener[];
  readonly connections: ReadonlySet<EndingConnection>;
  /** How many connections were accepted so far. */
  readonly accepted: () => number;
  /** Whether no further connection is taken. */
  readonly isFull: () => boolean;
  /** Everything is closed. */
  readonly ended: () => void;
}

/**
 * How a server ends: it closes its connections when their requests are answered, or leaves them to another process. A server that
 * leaves may still be closed.
 */
export class ServerEnd {
  readonly #parts: EndingParts;
  #ending: Promise<void> | undefined;
  /** Whether connections are handed over rather than closed. */
  #isLeaving = false;
  /** When it was first asked to leave; ms. */
  #leftAt = 0;
  #forgetTimer = (): void => {};
  /** Set when active requests are no longer waited for. */
  #cutShort: AbortedError | undefined;
  #resolveEmptied: (() => void) | undefined;

  constructor(parts: EndingParts) {
    this.#parts = parts;
  }

  /** Whether it was asked to end. */
  get hasBegun(): boolean {
    return this.#ending !== undefined;
  }

  /** See `Server.close`. */
  close(idleEnd: IdleEnd): Promise<void> {
    if (this.#isLeaving) {
      this.#isLeaving = false;
      for (const connection of this.#parts.connections) {
        connection.stay();
        connection.closeWhenIdle(idleEnd);
      }
    }
    return (this.#ending ??= this.#close(idleEnd));
  }

  /** See `Server.leave`. */
  leave(offer: Offer): Promise<void> {
    if (this.#ending === undefined) {
      this.#isLeaving = true;
      this.#leftAt = performance.now();
      this.#ending = this.#leave();
    }
    if (this.#isLeaving) this.#handOverAll(offer);
    return this.#ending;
  }

  /** See `Server.keep`. */
  keep(): void {
    if (!this.#isLeaving) return;
    this.#forgetTimer();
    for (const connection of this.#parts.connections) connection.stay();
  }

  /** No connection is open. */
  emptied(): void {
    this.#resolveEmptied?.();
  }

  async #close(idleEnd: IdleEnd): Promise<void> {
    const { timeouts, listeners, connections, accepted, isFull } = this.#parts;
    this.#forgetTimer = neverEarly(timeouts.shutdown, this.#refuseAll);
    for (const listener of listeners) listener.hide();
    await lastTurns({
      accepted,
      most: BACKLOG * listeners.length,
      // One more would be turned away; another process that shares the socket may take it.
      isOver: () => this.#cutShort !== undefined || isFull(),
    });
    const stopped = this.#stopListening();
    const emptied = this.#nextEmptied();
    for (const connection of connections) connection.closeWhenIdle(idleEnd);
    // Some may have been accepted since then.
    if (this.#cutShort !== undefined)
      for (const connection of connections) connection.refuseAll(this.#cutShort);
    await this.#finish(stopped, emptied);
  }

  async #leave(): Promise<void> {
    const stopped = this.#stopListening();
    const emptied = this.#nextEmptied();
    // What is idle is handed over in this turn.
    await Promise.resolve();
    await this.#finish(stopped, emptied);
  }

  async #finish(stopped: Promise<unknown>, emptied: Promise<void>): Promise<void> {
    const { connections, listeners, ended } = this.#parts;
    if (connections.size > 0) await emptied;
    this.#forgetTimer();
    await stopped;
    listeners.length = 0;
    ended();
  }

  #stopListening(): Promise<unknown> {
    return Promise.all(this.#parts.listeners.map((listener) => listener.close()));
  }

  #nextEmptied(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolveEmptied = resolve;
    });
  }

  #handOverAll(offer: Offer): void {
    const { timeouts, connections } = this.#parts;
    this.#forgetTimer();
    const left = this.#leftAt + timeouts.shutdown - performance.now();
    this.#forgetTimer = neverEarly(Math.max(left, 0), this.#refuseAll);
    const handOver = new HandOver(offer, "leave");
    for (const connection of connections) connection.leave(handOver);
  }

  readonly #refuseAll = (): void => {
    const { timeouts, connections } = this.#parts;
    const reason = new AbortedError(
      "ERR_ABORTED_SHUTDOWN",
      "Cannot complete request: the server is shutting down",
    );
    this.#cutShort = reason;
    for (const connection of connections) connection.refuseAll(reason);
    // Give what was just written a moment to leave.
    this.#forgetTimer = neverEarly(timeouts.abortGrace, () => {
      for (const connection of connections) connection.destroy();
    });
  };
}
