/** Milliseconds before one more connection is tried than were accepted; doubled after each failure. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * The maximum number of open connections: the least of the caller's limit, FCGI_MAX_CONNS, and the number that the
 * application has been observed to accept. PHP-FPM does not report its number of processes, each of which takes one
 * connection.
 */
export class ConnectionLimit {
  readonly #allowed: number;
  #reported = Infinity;
  #accepted = Infinity;
  #pause = FIRST_PAUSE;
  #tryAt = 0;

  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  /** The maximum number of connections. */
  get value(): number {
    return Math.min(this.#allowed, this.#reported, this.#accepted);
  }

  /** The application reported FCGI_MAX_CONNS; Infinity if it did not. */
  reported(count: number): void {
    this.#reported = count;
  }

  /** The application left a connection in its queue while it had this number of accepted ones. */
  leftWaiting(accepted: number): void {
    this.#accepted = Math.max(1, accepted);
    this.#tryAt = performance.now() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  /** The number of accepted connections has changed. */
  accepted(count: number): void {
    if (count <= this.#accepted) return;
    this.#accepted = count;
    this.#pause = FIRST_PAUSE;
    this.#tryAt = 0;
  }

  /** Whether to try one more connection now, for a waiting request, although earlier ones were not accepted. */
  tries(open: number): boolean {
    if (open !== this.#accepted || open >= Math.min(this.#allowed, this.#reported)) return false;
    const now = performance.now();
    if (now < this.#tryAt) return false;
    this.#tryAt = now + this.#pause;
    return true;
  }
}
