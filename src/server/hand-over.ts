import type { SocketHandle } from "./accepted-socket.js";

/** Connections that may be offered at once: they are not read meanwhile, so all others are served. */
const MOST_OFFERED = 128;

/** A connection that is not read until another process has it, or does not take it. */
export interface OfferedConnection {
  readonly handle: SocketHandle;
  /** What was read and not used: the beginning of a record, or of requests. */
  readonly unread: Buffer;
}

/**
 * Offers a connection to another process.
 *
 * @param settle called once: whether the other process reads it
 */
export type Offer = (connection: OfferedConnection, settle: (isTaken: boolean) => void) => void;

/** A connection that another process may have. */
export interface Transferable {
  /** Stops reading, and returns what the other process needs; undefined while the connection is in use. */
  release(): OfferedConnection | undefined;
  /** Goes on with a connection that was not taken. */
  takeBack(unread: Buffer): void;
  /** Closes this process's copy of the socket. */
  forget(): void;
}

/** Hands connections to another process while no request is active on them. */
export class HandOver {
  readonly #offer: Offer;
  /** Those that are idle and wait for their turn. They are served until then. */
  readonly #waiting = new Set<Transferable>();
  #offered = 0;
  #left: number;

  /** @param most how many connections are handed over */
  constructor(offer: Offer, most: number) {
    this.#offer = offer;
    this.#left = most;
  }

  /** Hands a connection over if nothing of it is in use; it has to ask again when that may have changed. */
  consider(connection: Transferable): void {
    if (this.#offered >= MOST_OFFERED) this.#waiting.add(connection);
    else this.#release(connection);
  }

  /** The connection is closed. */
  forget(connection: Transferable): void {
    this.#waiting.delete(connection);
  }

  #release(connection: Transferable): void {
    if (this.#left === 0) return;
    const offered = connection.release();
    if (offered === undefined) return;
    this.#left -= 1;
    this.#offered += 1;
    this.#offer(offered, (isTaken) => {
      this.#offered -= 1;
      if (isTaken) {
        connection.forget();
      } else {
        this.#left += 1;
        connection.takeBack(offered.unread);
      }
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
