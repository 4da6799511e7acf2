/** Milliseconds of silence on a connection before a kept one is closed for it; then the same again. */
const CLAIM_INTERVAL = 100;

/**
 * The connections with a request on which the application has not sent a byte yet. It may not have accepted them: the kernel
 * completes connections for a process, up to its backlog, and the wire does not show it. If each process of an application
 * serves one connection at a time (PHP-FPM, libfcgi, FCGI.pm), an idle kept connection still occupies its process, so the
 * connections in the backlog wait until it is closed.
 *
 * Therefore each such connection has a claim on a kept one that becomes idle, which is closed instead of reused. A connection
 * has one claim per interval: it may have been accepted, and its handler is slow. The cost of a wrong guess is one kept
 * connection.
 */
export class UnacceptedConnections<Connection> {
  /** When the next claim of each connection is due, longest waiting first. */
  readonly #claims = new Map<Connection, number>();
  readonly #due: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param due called after {@link wait} when a claim may be due */
  constructor(due: () => void) {
    this.#due = due;
  }

  /** The first request is sent on a connection. */
  add(connection: Connection): void {
    this.#claims.set(connection, performance.now() + CLAIM_INTERVAL);
  }

  /** The connection received bytes, or is closed. */
  delete(connection: Connection): void {
    this.#claims.delete(connection);
  }

  /** Uses the claim of the connection that has waited longest, if one is due. */
  claim(): boolean {
    if (this.#claims.size === 0) return false;
    const now = performance.now();
    for (const [connection, due] of this.#claims) {
      if (due > now) continue;
      this.#claims.set(connection, now + CLAIM_INTERVAL);
      return true;
    }
    return false;
  }

  /** A connection stays idle: call `due` when the next claim may be. */
  wait(): void {
    if (this.#timer !== undefined || this.#claims.size === 0) return;
    // A timer may fire within a millisecond of its time.
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#due();
    }, CLAIM_INTERVAL + 1);
    this.#timer.unref();
  }
}
