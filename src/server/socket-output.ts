import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { AnswerWriter } from "../protocol/answer-writer.js";
import type { Segment } from "../protocol/segment.js";
import { AcceptedSocket } from "./accepted-socket.js";

/** Unsent bytes in the socket from which a stream must wait. */
const SEND_HIGH_WATER = 64 * 1024;
/** Unsent bytes from which nothing more is read: a peer that asks but never reads must not pile up answers. */
const SEND_LIMIT = 1024 * 1024;

/**
 * A record header of an unknown version, which ends a connection whose answer could not be completed. nginx 1.22 without
 * fastcgi_keep_conn, or with it and `fastcgi_buffering off`, and Caddy 2.6 take a mere close for the end of the answer.
 */
const BROKEN_RECORD = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0]);

const NONE: readonly Segment[] = [];

/** The sending side of a socket: writes buffers at once, and knows how much the peer has not taken. */
export class SocketOutput {
  readonly #socket: Duplex;
  readonly #timeout: number;
  /** The same socket, if it can write at once. */
  readonly #accepted: AcceptedSocket | undefined;
  /** Whether it is a stream within the process, which passes the bytes themselves on: a write ends before they were read. */
  readonly #passesOn: boolean;
  /** The segments of each write that has not ended. */
  readonly #lent = new Set<readonly Segment[]>();
  /** Called at the end of each write, once the last answer is written. */
  #emptied: (() => void) | undefined;
  /** When the limit was last set; ms. */
  #limitedAt = 0;
  /** Whether it was set for the rest of a limit that struck early. */
  #isLimitedAnew = false;

  /** @param timeout how long the peer may take no bytes while that is limited, in ms; Infinity for no limit */
  constructor(socket: Duplex, timeout: number) {
    this.#socket = socket;
    this.#accepted = socket instanceof AcceptedSocket ? socket : undefined;
    this.#passesOn = !(socket instanceof Socket);
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

  /** Writes what is queued, in one write. Returns whether anything was. */
  write(queue: AnswerWriter): boolean {
    const buffers = queue.take();
    if (buffers.length === 0) return false;
    const written = this.#accepted?.writeNow(buffers) ?? 0;
    if (written === queue.takenLength) queue.sent();
    else this.#writeLater(withoutFirst(written, buffers), queue.takeSegments());
    return true;
  }

  /** Writes what is queued, at least one record, and closes the socket when the last byte has left. */
  writeLast(queue: AnswerWriter): void {
    this.write(queue);
    const socket = this.#socket;
    if (this.isEmpty) {
      socket.destroy();
      return;
    }
    this.#emptied = () => {
      // A tick later: within the callback of a write, Node.js would create an unused Error.
      if (this.isEmpty) process.nextTick(destroy, socket);
    };
    this.limitTime();
  }

  /** Writes bytes that are not a record. */
  writeRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Writes bytes that no Web server takes for the end of an answer. */
  writeBroken(): void {
    this.writeRaw(BROKEN_RECORD);
  }

  /** Closes with a reset, if the socket knows one, so that the end is not taken for that of the answer. */
  reset(): void {
    if (this.#accepted === undefined) this.#socket.destroy();
    else this.#accepted.reset();
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

  /** Writes what the socket did not take at once. The system reads the segments until it reports the end of the write. */
  #writeLater(buffers: readonly Uint8Array[], segments: readonly Segment[] = NONE): void {
    const socket = this.#socket;
    const last = buffers.length - 1;
    if (this.#passesOn) for (const segment of segments) segment.abandon();
    else if (segments.length > 0) this.#lent.add(segments);
    const written = (): void => {
      if (this.#lent.delete(segments)) for (const segment of segments) segment.release();
      this.#emptied?.();
    };
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index += 1) socket.write(buffers[index]);
    socket.write(buffers[last], written);
    if (last > 0) socket.uncork();
  }

  /** The socket is closed: some writes may never report their end. */
  closed(): void {
    for (const segments of this.#lent) for (const segment of segments) segment.abandon();
    this.#lent.clear();
  }

  #setTimeout(time: number): void {
    // Streams that are not sockets stay in this process, and have no time-out.
    if (this.#socket instanceof Socket) this.#socket.setTimeout(time);
  }
}

/** The buffers without their first bytes. */
function withoutFirst(bytes: number, buffers: readonly Uint8Array[]): readonly Uint8Array[] {
  let sent = bytes;
  for (let index = 0; index < buffers.length; index += 1) {
    const buffer = buffers[index]!;
    if (sent < buffer.length) return [buffer.subarray(sent), ...buffers.slice(index + 1)];
    sent -= buffer.length;
  }
  return [];
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
