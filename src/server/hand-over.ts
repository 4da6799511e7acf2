import type { SocketHandle } from "./accepted-socket.js";

/** Connections that may be offered at once. */
const MOST_OFFERED = 128;

/** A connection that is not read until another process has it, or does not take it. */
export interface OfferedConnection {
  readonly handle: SocketHandle;
  /** What was read and not used: the beginning of a record, or of requests. */
  readonly unread: Buffer;
  /** Requests a second that it brings; undefined if it has brought none yet. */
  readonly rate: number | undefined;
}

/** How an offer ended: another process reads it, none takes it, or none has taken it in time. */
export type OfferEnd = "taken" | "declined" | "late";

/**
 * Offers a connection to another process.
 *
 * @param settle called once
 */
export type Offer = (connection: OfferedConnection, settle: (end: OfferEnd) => void) => void;

/**
 * Why connections are handed over: the server leaves, and reads no request more on any of them; or it gives some away, and serves
 * them until then.
 */
export type HandOverPurpose = "leave" | "give";

/** A connection that another process may have. */
export interface Transferable {
  /** Stops reading, and returns what the other process needs; undefined while the connection is in use. */
  release(): OfferedConnection | undefined;
  /** Reads nothing until its turn comes. */
  hold(): void;
  /** Goes on with a connection that was not taken. */
  comeBack(unread: Buffer, why: Exclude<OfferEnd, "taken">): void;
  /** Closes this process's copy of the socket. */
  forget(): void;
}

/** Hands connections to another process while no request is active on them. */
export class HandOver {
  readonly purpose: HandOverPurpose;
  readonly #offer: Offer;
  /** Those that are idle and wait for their turn. */
  readonly #waiting = new Set<Transferable>();
  #offered = 0;

  constructor(offer: Offer, purpose: HandOverPurpose) {
    this.#offer = offer;
    this.purpose = purpose;
  }

  /** Hands a connection over if nothing of it is in use; it has to ask again when that may have changed. */
  consider(connection: Transferable): void {
    if (this.#offered < MOST_OFFERED) {
      this.#release(connection);
      return;
    }
    this.#waiting.add(connection);
    if (this.purpose === "leave") connection.hold();
  }

  /** The connection is closed, or stays. */
  forget(connection: Transferable): void {
    this.#waiting.delete(connection);
  }

  #release(connection: Transferable): void {
    const offered = connection.release();
    if (offered === undefined) return;
    this.#offered += 1;
    this.#offer(offered, (end) => {
      this.#offered -= 1;
      if (end === "taken") connection.forget();
      else connection.comeBack(offered.unread, end);
      this.#next();
    });
  }

  #next(): void {
    for (const connection of this.#waiting) {
      if (this.#offered >= MOST_OFFERED) return;
      this.#waiting.delete(connection);
      this.#release(connection);
    }
  }
}
