/** Milliseconds until one more connection is tried than were accepted; twice as long after each try in vain. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * How many connections may be open at once: what the caller allows, what the application says (FCGI_MAX_CONNS), and what
 * it has been seen to accept. PHP-FPM does not say how many processes it has, of which each takes one connection.
 */
export class ConnectionLimit {
  readonly #allowed: number;
  #said = Infinity;
  #accepted = Infinity;
  #pause = FIRST_PAUSE;
  #tryAt = 0;

  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  /** The most connections. */
  get value(): number {
    return Math.min(this.#allowed, this.#said, this.#accepted);
  }

  /** The application has said how many it takes; Infinity where it does not. */
  said(count: number): void {
    this.#said = count;
  }

  /** The application has left a connection in the queue, and has so many others. */
  leftWaiting(accepted: number): void {
    this.#accepted = Math.max(1, accepted);
    this.#tryAt = performance.now() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  /** The application has so many connections now. */
  accepted(count: number): void {
    if (count <= this.#accepted) return;
    this.#accepted = count;
    this.#pause = FIRST_PAUSE;
    this.#tryAt = 0;
  }

  /** Where a request waits although fewer connections are open than are allowed: whether one more is tried now. */
  tries(open: number): boolean {
    if (open !== this.#accepted || open >= Math.min(this.#allowed, this.#said)) return false;
    const now = performance.now();
    if (now < this.#tryAt) return false;
    this.#tryAt = now + this.#pause;
    return true;
  }
}
