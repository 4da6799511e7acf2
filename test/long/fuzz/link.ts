import { Duplex } from "node:stream";

/** Bytes that one direction of a link holds, as a socket's buffers do. */
const CAPACITY = 16 * 1024;

/**
 * One end of a connection in memory that closes like a socket: `end` sends a FIN at once, `destroy` with input unread is
 * a reset at the other end, and a write to an end that is gone is an EPIPE.
 */
export class LinkEnd extends Duplex {
  #other: LinkEnd | undefined;
  /** Goes on with the write of the other end that waits for this one to read. */
  #room: (() => void) | undefined;

  private constructor() {
    super({ allowHalfOpen: true, highWaterMark: CAPACITY });
  }

  /** Both ends of a new connection. */
  static pair(): [LinkEnd, LinkEnd] {
    const one = new LinkEnd();
    const other = new LinkEnd();
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  /** Closes by a reset. */
  resetAndDestroy(): this {
    this.#other!.#reset();
    return this.destroy();
  }

  override _read(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const other = this.#other!;
    if (other.destroyed) {
      process.nextTick(done, failure("EPIPE"));
    } else if (other.push(chunk)) {
      process.nextTick(done);
    } else {
      other.#room = done;
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    const other = this.#other!;
    if (!other.destroyed) other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const other = this.#other!;
    const room = this.#room;
    this.#room = undefined;
    room?.();
    if (this.readableLength > 0) other.#reset();
    else if (!other.destroyed) other.push(null);
    done(error);
  }

  #reset(): void {
    if (!this.destroyed) process.nextTick(() => this.destroy(failure("ECONNRESET")));
  }
}

function failure(code: "EPIPE" | "ECONNRESET"): Error {
  return Object.assign(new Error(code), { code });
}
