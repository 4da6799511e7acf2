/** Milliseconds that a connection may be unheard of until a kept one is closed for it; then the same again. */
const PATIENCE = 100;

/**
 * The connections with a request on them on which the application has not sent a byte yet. It need not have accepted them:
 * the system takes connections for a process, as many as its queue holds, and nothing on the wire tells. Where each
 * process of an application serves one connection at a time (PHP-FPM, libfcgi, FCGI.pm), a kept connection holds its
 * process also while no request is on it, so that those in the queue wait for it to be closed.
 *
 * So a connection that is unheard of has a claim to a kept one that becomes idle: that one is closed instead of used
 * again. Each has one claim at a time and the next one only after a while, because it may have been accepted, and its
 * handler just takes long; then all that is lost is a connection that was kept.
 */
export class UnheardConnections<Connection> {
  /** In the order in which they began to wait, each with when its next claim is due. */
  readonly #claims = new Map<Connection, number>();
  readonly #due: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param due called after {@link wait} when a claim may be due */
  constructor(due: () => void) {
    this.#due = due;
  }

  /** A first request is sent on a connection. */
  add(connection: Connection): void {
    this.#claims.set(connection, performance.now() + PATIENCE);
  }

  /** Something came on a connection, or it is closed. */
  delete(connection: Connection): void {
    this.#claims.delete(connection);
  }

  /** Takes the claim of the connection that has waited longest, if one is due. */
  claim(): boolean {
    if (this.#claims.size === 0) return false;
    const now = performance.now();
    for (const [connection, due] of this.#claims) {
      if (due > now) continue;
      this.#claims.set(connection, now + PATIENCE);
      return true;
    }
    return false;
  }

  /** A connection stays idle, and would be closed if a claim were due. */
  wait(): void {
    if (this.#timer !== undefined || this.#claims.size === 0) return;
    // A timer may fire within a millisecond of its time.
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#due();
    }, PATIENCE + 1);
    this.#timer.unref();
  }
}
