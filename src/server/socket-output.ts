import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Unsent bytes in the socket from which a stream must wait. */
const SEND_HIGH_WATER = 64 * 1024;
/** Unsent bytes from which nothing more is read: a peer that asks but never reads must not pile up answers. */
const SEND_LIMIT = 1024 * 1024;

/**
 * A record header of an unknown version, which ends a connection whose answer could not be completed. nginx 1.22 without
 * fastcgi_keep_conn, or with it and `fastcgi_buffering off`, and Caddy 2.6 take a mere close for the end of the answer.
 */
const BROKEN_RECORD = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0]);

/** The sending side of a socket: writes buffers at once, and knows how much the peer has not taken. */
export class SocketOutput {
  readonly #socket: Duplex;
  readonly #timeout: number;
  /** When the limit was last set; ms. */
  #limitedAt = 0;
  /** Whether it was set for the rest of a limit that struck early. */
  #isLimitedAnew = false;

  /** @param timeout how long the peer may take no bytes while that is limited, in ms; Infinity for no limit */
  constructor(socket: Duplex, timeout: number) {
    this.#socket = socket;
    this.#timeout = timeout;
  }

  /** Whether everything that was written has left. */
  get isEmpty(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Whether a stream may go on. */
  get writable(): boolean {
    // A stream with a higher mark does not report when it has sent that much.
    return this.#socket.writableLength < SEND_HIGH_WATER || !this.#socket.writableNeedDrain;
  }

  /** Whether too much waits to be sent to read more requests, until `drain`. */
  get full(): boolean {
    // A stream with a higher mark takes more, and does not emit `drain` below it.
    return this.#socket.writableLength >= SEND_LIMIT && this.#socket.writableNeedDrain;
  }

  /** Writes all buffers at once. */
  write(buffers: readonly Uint8Array[]): void {
    this.#write(buffers, undefined);
  }

  /** Writes all buffers, at least one, and closes the socket when the last one has left. */
  writeLast(buffers: readonly Uint8Array[]): void {
    // A tick later: within the callback of a write, Node.js would create an unused Error.
    this.#write(buffers, () => process.nextTick(destroy, this.#socket));
    if (!this.isEmpty) this.limitTime();
  }

  /** Writes bytes that no Web server takes for the end of an answer. */
  writeBroken(): void {
    this.#socket.write(BROKEN_RECORD);
  }

  /** Half-closes: what was written still leaves, within the time limit. */
  end(): void {
    this.#socket.end();
    this.limitTime();
  }

  /** From now on the socket emits `timeout` if the peer takes no bytes for too long. */
  limitTime(): void {
    this.#limitedAt = performance.now();
    this.#isLimitedAnew = false;
    this.#setTimeout(Number.isFinite(this.#timeout) ? this.#timeout : 0);
  }

  /**
   * Whether `timeout` came too early, and will come again: Node.js counts it from the start of the turn of the event loop in
   * which it was set.
   */
  get isEarly(): boolean {
    const left = this.#limitedAt + this.#timeout - performance.now();
    if (left <= 0 || this.#isLimitedAnew) return false;
    this.#isLimitedAnew = true;
    this.#setTimeout(Math.ceil(left) + 1);
    return true;
  }

  /** Lifts the time limit. */
  unlimitTime(): void {
    this.#setTimeout(0);
  }

  /** `written` is called when the last buffer has left. */
  #write(buffers: readonly Uint8Array[], written: (() => void) | undefined): void {
    const socket = this.#socket;
    const last = buffers.length - 1;
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index += 1) socket.write(buffers[index]);
    if (last >= 0) socket.write(buffers[last], written);
    if (last > 0) socket.uncork();
  }

  #setTimeout(time: number): void {
    // Streams that are not sockets stay in this process, and have no time-out.
    if (this.#socket instanceof Socket) this.#socket.setTimeout(time);
  }
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
