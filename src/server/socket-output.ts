import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Unsent bytes in the socket from which on whoever streams has to wait. */
const SEND_HIGH_WATER = 64 * 1024;
/** Unsent bytes from which on nothing more is read: a peer that asks but never reads cannot pile up answers. */
const SEND_LIMIT = 1024 * 1024;

/**
 * The header of a record of a version that does not exist: what a connection ends with when an answer could not be
 * completed. A mere end is taken for the end of the answer by nginx 1.22 without fastcgi_keep_conn, or with it and
 * `fastcgi_buffering off`, and by Caddy 2.6.
 */
const BROKEN_RECORD = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0]);

/** The sending side of a socket: writes all that is queued at once, and knows how much of it the peer has not taken. */
export class SocketOutput {
  readonly #socket: Duplex;
  readonly #timeout: number;
  /** When a limit was set last; ms. */
  #limitedAt = 0;
  /** Whether that is the rest of a limit that has struck early. */
  #isLimitedAnew = false;

  /** @param timeout how long the peer may take nothing where that is limited, in ms; Infinity for ever */
  constructor(socket: Duplex, timeout: number) {
    this.#socket = socket;
    this.#timeout = timeout;
  }

  /** Whether everything that was written has left. */
  get isEmpty(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Whether whoever streams may go on. */
  get writable(): boolean {
    // A stream that takes more than that does not tell when it has sent it.
    return this.#socket.writableLength < SEND_HIGH_WATER || !this.#socket.writableNeedDrain;
  }

  /** Whether so much waits to be sent that nothing more may be asked for, until `drain` tells that it has left. */
  get full(): boolean {
    // A stream with a higher mark of its own takes more, and tells nothing below it.
    return this.#socket.writableLength >= SEND_LIMIT && this.#socket.writableNeedDrain;
  }

  /** Writes all buffers at once. */
  write(buffers: readonly Uint8Array[]): void {
    this.#write(buffers, undefined);
  }

  /** Writes all buffers, and closes the socket when the last one has left. There must be one. */
  writeLast(buffers: readonly Uint8Array[]): void {
    // A tick later: within the callback of a write, Node.js would make an Error that nobody sees.
    this.#write(buffers, () => process.nextTick(destroy, this.#socket));
    if (!this.isEmpty) this.limitTime();
  }

  /** Writes what no Web server takes for the end of an answer. */
  writeBroken(): void {
    this.#socket.write(BROKEN_RECORD);
  }

  /** Half-closes: what was written still leaves, in the time that is left for it. */
  end(): void {
    this.#socket.end();
    this.limitTime();
  }

  /** A peer that takes nothing from now on for too long is told of by the socket's `timeout`. */
  limitTime(): void {
    this.#limitedAt = performance.now();
    this.#isLimitedAnew = false;
    this.#setTimeout(Number.isFinite(this.#timeout) ? this.#timeout : 0);
  }

  /**
   * Whether `timeout` came before its time, and comes again: Node.js counts it from the start of the turn of the event loop in
   * which it was set.
   */
  get isEarly(): boolean {
    const left = this.#limitedAt + this.#timeout - performance.now();
    if (left <= 0 || this.#isLimitedAnew) return false;
    this.#isLimitedAnew = true;
    this.#setTimeout(Math.ceil(left) + 1);
    return true;
  }

  /** The peer may take its time again. */
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
    // Streams that are no sockets stay in this process, and have no time-out.
    if (this.#socket instanceof Socket) this.#socket.setTimeout(time);
  }
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
