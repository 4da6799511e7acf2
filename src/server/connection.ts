import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { AbortedError, ProtocolError } from "../errors.js";
import type { Application } from "../protocol/application.js";
import { ApplicationSide } from "../protocol/application-side.js";
import type { ApplicationSideHost } from "../protocol/application-side-host.js";
import type { ValueName } from "../protocol/constants.js";
import type { ServerLimits, ServerTimeouts } from "./options.js";

/** Unsent bytes in the socket from which on whoever streams has to wait. */
const SEND_HIGH_WATER = 64 * 1024;
/** Bytes that Node.js reads from a socket at once. */
const FULL_READ = 64 * 1024;
/** Unsent bytes from which on nothing more is read: a peer that asks but never reads cannot pile up answers. */
const SEND_LIMIT = 1024 * 1024;

/**
 * The header of a record of a version that does not exist: what a connection ends with when an answer could not be
 * completed. A mere end is taken for the end of the answer by nginx 1.22 without fastcgi_keep_conn, or with it and
 * `fastcgi_buffering off`, and by Caddy 2.6.
 */
const BROKEN_RECORD = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0]);

/** The slowest that an upload may go on behind its answer, in bytes per ms. */
const DRAIN_RATE = 16;

/** How long a connection that has sent its last answer may hold up a server that closes; ms. */
const CLOSING_DRAIN = 2_000;

/** What the connections of one server share. */
export interface ConnectionOwner {
  readonly application: Application;
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly values: Readonly<Record<ValueName, string>>;
  /** Milliseconds of a clock that is set four times a second. */
  readonly now: number;
  /** Whether one more request may be active. */
  admit(): boolean;
  /** The number of active requests has changed by so many. */
  activeChanged(by: number): void;
  /** Whether the input that waits for handlers in all connections is more than the server holds. */
  readonly inputFull: boolean;
  /** The number of input bytes that wait has changed by so many. */
  bufferedChanged(by: number): void;
  /** The peer did what it must not do, or a fault of our own was caught; nothing that a peer sent is in it. */
  report(error: Error): void;
  closed(connection: Connection): void;
}

/**
 * One connection from a Web server. It alone touches the socket: it feeds the state machine, writes what that queues in
 * one write per turn of the event loop, stops reading when too much waits in either direction, and closes in the order
 * that loses no answer (sections 3.5 and 5.5).
 */
export class Connection implements ApplicationSideHost {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #side: ApplicationSide;
  /** `open`: requests come and answers go; `draining`: the last answer is sent, the rest of the input is dropped. */
  #state: "open" | "draining" | "closed" = "open";
  #flushQueued = false;
  /** Whether the last chunk was as long as Node.js reads: then it reads again at once. */
  #moreFollows = false;
  #paused = false;
  #peerEnded = false;
  /** The peer broke the protocol: whether something is still on its way from it cannot be told. */
  #unreadable = false;
  #drained = 0;
  #drainStart = 0;
  /** What is left of a chunk that asked for more than may be answered at once. */
  #rest: Buffer | undefined;
  /** The numbers of active requests and of waiting bytes that the owner knows of. */
  #counted = 0;
  #countedBytes = 0;
  /** When the connection is given up, on the owner's clock. */
  #deadline = Infinity;

  constructor(socket: Duplex, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    const { limits, timeouts } = owner;
    this.#side = new ApplicationSide(owner.application, this, { limits, times: timeouts });
    this.#deadline = owner.now + timeouts.idle;
    socket.on("data", this.#read);
    socket.on("drain", this.#sent);
    socket.on("timeout", this.#sendingStalled);
    socket.on("end", this.#peerEnd);
    socket.on("error", ignore);
    socket.on("close", this.#closed);
  }

  get values(): Readonly<Record<ValueName, string>> {
    return this.#owner.values;
  }

  now(): number {
    return this.#owner.now;
  }

  admit(): boolean {
    // Several requests may have begun in the chunk that is being read.
    this.#count();
    return this.#owner.admit();
  }

  outputQueued(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    // All that the handlers of one chunk answer leaves in one write: their promises settle before the next tick. Where
    // another chunk follows in this turn of the event loop, what is answered to both does.
    if (this.#moreFollows && this.#side.writable) setImmediate(this.#flush);
    else process.nextTick(this.#flush);
  }

  inputConsumed(): void {
    if (this.#countedBytes > 0) this.#countBytes();
    if (this.#paused) this.#adjustReading();
  }

  exchangeEnded(): void {
    this.#count();
    // Its params do not wait any more.
    this.inputConsumed();
    // A request that was answered at once was never counted.
    if (this.#counted === 0) this.#idleSince(this.#owner.now);
  }

  breakConnection(): void {
    this.#flush();
    this.#socket.write(BROKEN_RECORD);
    this.#side.disconnect();
    this.#count();
    // Everything that was written still leaves, but neither the end of STDOUT nor END_REQUEST follows it.
    this.#startDraining();
  }

  /** Ends what has waited too long. */
  expire(now: number): void {
    if (this.#state === "open" && this.#side.activeCount > 0) this.#side.expire(now);
    // Others may have made room for input meanwhile.
    if (this.#paused) this.#adjustReading();
    if (now < this.#deadline) return;
    if (this.#state === "open" && !this.#peerEnded) {
      if (this.#side.activeCount === 0) this.#startDraining();
    } else if (this.#socket.writableLength === 0) {
      this.#socket.destroy();
    }
    // While an answer is on its way, the time-out of the socket tells whether the peer still takes it.
  }

  /** Closes as soon as nothing is active: at once for an idle connection. */
  closeWhenIdle(): void {
    if (this.#state === "draining") {
      this.#deadline = Math.min(this.#deadline, this.#owner.now + CLOSING_DRAIN);
      return;
    }
    this.#side.finishWhenIdle();
    if (!this.#side.finished) return;
    this.#flush();
    // Nothing is on its way in either direction, so nothing can be lost.
    if (this.#side.inputComplete && this.#socket.writableLength === 0) this.#socket.destroy();
  }

  /** Answers what is still active in the way of its role, and closes. */
  refuseAll(reason: AbortedError): void {
    if (this.#state !== "open") return;
    this.#side.refuseAll(reason);
    this.#flush();
    if (this.#side.finished) this.#startDraining();
  }

  /** Gives the connection up, whatever is in flight. */
  destroy(): void {
    this.#socket.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    this.#moreFollows = chunk.length >= FULL_READ;
    if (this.#state === "open") this.#receive(chunk);
    else this.#drop(chunk);
  };

  #receive(chunk: Buffer): void {
    try {
      const read = this.#side.receive(chunk);
      this.#rest = read < chunk.length ? chunk.subarray(read) : undefined;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#count();
    this.#countBytes();
    this.#adjustReading();
  }

  /** Reads on in a chunk that could not be read to its end, when there is room for more answers. */
  #receiveRest(): void {
    const rest = this.#rest;
    if (rest === undefined || this.#state !== "open" || this.#sendFull) return;
    this.#receive(rest);
    if (this.#rest !== undefined) return;
    if (this.#peerEnded) this.#inputEnded();
    else if (this.#side.finished) this.outputQueued();
  }

  /** Behind the last answer input is dropped: in bounds, and no slower than {@link DRAIN_RATE}. */
  #drop(chunk: Buffer): void {
    const { limits, timeouts } = this.#owner;
    this.#drained += chunk.length;
    if (this.#drained > limits.drainBytes) this.#socket.destroy();
    this.#deadline = this.#drainStart + timeouts.drain + this.#drained / DRAIN_RATE;
  }

  /** After a protocol error nothing can be read, but what is active still gets its answer. */
  #fail(error: unknown): void {
    this.#owner.report(error as Error);
    const fault = error instanceof ProtocolError ? "broke the protocol" : "could not be read";
    this.#unreadable = true;
    this.#side.refuseAll(
      new AbortedError("ERR_ABORTED_DISCONNECT", `Cannot complete request: the connection ${fault}`, error),
    );
    this.#flush();
    this.#startDraining();
  }

  readonly #flush = (): void => {
    this.#flushQueued = false;
    const socket = this.#socket;
    if (this.#state !== "open" || socket.destroyed) return;
    const buffers = this.#side.output.take();
    if (this.#side.finished && this.#rest === undefined) {
      this.#finish(buffers);
      return;
    }
    this.#write(buffers);
    // Where the peer is gone this write fails soon; if it does not, the peer only closed its sending side.
    if (this.#peerEnded && buffers.length > 0)
      this.#deadline = this.#owner.now + this.#owner.timeouts.halfClosed;
    // A stream that takes more than that does not tell when it has sent it.
    this.#side.writable = socket.writableLength < SEND_HIGH_WATER || !socket.writableNeedDrain;
    if (!this.#side.writable) this.#limitSending();
    if (this.#rest !== undefined) this.#receiveRest();
    else if (this.#sendFull) this.#adjustReading();
  };

  readonly #sent = (): void => {
    if (this.#state === "open") this.#setSocketTimeout(0);
    this.#side.writable = true;
    if (this.#rest !== undefined) this.#receiveRest();
    else if (this.#paused) this.#adjustReading();
  };

  /** Writes the last answer and closes; nginx without keep-alive waits for that (section 3.5). */
  #finish(buffers: Uint8Array[]): void {
    const socket = this.#socket;
    if (buffers.length === 0 || !this.#side.inputComplete || this.#unreadable) {
      this.#write(buffers);
      this.#startDraining();
      return;
    }
    // Nothing is on its way to us that a close could answer with a reset, so no half-close is needed.
    this.#beginDraining();
    // A tick later: within the callback of a write, Node.js would make an Error that nobody sees.
    this.#write(buffers, () => process.nextTick(destroy, socket));
    if (socket.writableLength > 0) this.#limitSending();
  }

  /** Writes all buffers at once; `written` is called when the last one has left. */
  #write(buffers: readonly Uint8Array[], written?: () => void): void {
    const socket = this.#socket;
    const last = buffers.length - 1;
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index += 1) socket.write(buffers[index]);
    if (last >= 0) socket.write(buffers[last], written);
    if (last > 0) socket.uncork();
  }

  #beginDraining(): void {
    this.#state = "draining";
    this.#rest = undefined;
    this.#drainStart = this.#owner.now;
    this.#deadline = this.#drainStart + this.#owner.timeouts.drain;
  }

  /** Half-closes, and reads on until the peer closes too: closing on unread input would reset what was just sent. */
  #startDraining(): void {
    if (this.#state !== "open") return;
    this.#beginDraining();
    this.#socket.end();
    this.#limitSending();
    this.#paused = false;
    this.#socket.resume();
  }

  /** A peer that takes nothing of an answer for too long is given up. */
  #limitSending(): void {
    this.#setSocketTimeout(this.#owner.timeouts.send);
  }

  #setSocketTimeout(time: number): void {
    // Streams that are no sockets stay in this process, and have no time-out.
    if (this.#socket instanceof Socket) this.#socket.setTimeout(Number.isFinite(time) ? time : 0);
  }

  readonly #sendingStalled = (): void => {
    if (this.#socket.writableLength === 0) return;
    const reason = new AbortedError(
      "ERR_ABORTED_TIMEOUT",
      "Cannot complete request: the peer takes no more output",
    );
    this.#owner.report(reason);
    this.#side.disconnect(reason);
    this.#socket.destroy();
  };

  readonly #peerEnd = (): void => {
    this.#peerEnded = true;
    // What came before is read first.
    if (this.#rest === undefined) this.#inputEnded();
  };

  #inputEnded(): void {
    if (this.#state !== "open") return;
    this.#side.inputEnded();
    this.#count();
    if (this.#side.activeCount === 0) {
      this.#flush();
      this.#startDraining();
    } else {
      // A peer that closed only its sending side still gets the answers that come soon.
      this.#side.finishWhenIdle();
      this.#deadline = this.#owner.now + this.#owner.timeouts.halfClosed;
    }
  }

  readonly #closed = (): void => {
    this.#state = "closed";
    this.#side.disconnect();
    this.#count();
    this.#countBytes();
    this.#owner.closed(this);
  };

  /** Whether so much waits to be sent that nothing more may be asked for, until `drain` tells that it has left. */
  get #sendFull(): boolean {
    // A stream with a higher mark of its own takes more, and tells nothing below it.
    return this.#socket.writableLength >= SEND_LIMIT && this.#socket.writableNeedDrain;
  }

  #adjustReading(): void {
    if (this.#state !== "open") return;
    const side = this.#side;
    const full =
      this.#rest !== undefined ||
      side.inputFull ||
      (this.#owner.inputFull && side.buffered > 0) ||
      this.#sendFull;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  #count(): void {
    const active = this.#side.activeCount;
    if (active === this.#counted) return;
    this.#owner.activeChanged(active - this.#counted);
    this.#counted = active;
    if (active === 0) this.#idleSince(this.#owner.now);
  }

  #countBytes(): void {
    const bytes = this.#side.buffered;
    if (bytes === this.#countedBytes) return;
    this.#owner.bufferedChanged(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  #idleSince(now: number): void {
    if (this.#state === "open" && !this.#peerEnded) this.#deadline = now + this.#owner.timeouts.idle;
  }
}

/** A reset after the answer is how several Web servers say goodbye; `close` follows and tells whoever is active. */
function ignore(): void {}

function destroy(socket: Duplex): void {
  socket.destroy();
}
