import type { Duplex } from "node:stream";

import { AbortedError, ProtocolError } from "../errors.js";
import type { Application } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { ApplicationSide } from "../protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../protocol/application-side/application-side-host.js";
import type { ValueName } from "../protocol/constants.js";
import { ConnectionLife } from "./connection-life.js";
import { AcceptedSocket } from "./accepted-socket.js";
import type { HandOver, OfferedConnection, Transferable } from "./hand-over.js";
import type { ServerLimits, ServerTimeouts } from "./options.js";
import { otherProtocolOf } from "./other-protocol.js";
import { SocketInput } from "./socket-input.js";
import { SocketOutput } from "./socket-output.js";

/** How often the clock, which is read eight times a second, may find a BEGIN_REQUEST waiting. */
const MOST_HELD_TICKS = 4;

const NOTHING = Buffer.alloc(0);

/** What the connections of one server share. */
export interface ConnectionOwner {
  readonly application: Application;
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly values: Readonly<Record<ValueName, string>>;
  /** The last reading of the clock, in ms. */
  readonly now: number;
  /** Whether one more request may be active. */
  admit(): boolean;
  /** The number of active requests has changed. */
  activeChanged(by: number): void;
  /** Whether more input waits for handlers, in all connections, than the server holds. */
  readonly inputFull: boolean;
  /** The number of input bytes that wait has changed. */
  bufferedChanged(by: number): void;
  /** A request was refused. */
  refused(): void;
  /** The peer is at fault, or a fault of our own was caught; the error has nothing that a peer sent. */
  report(error: Error): void;
  closed(connection: Connection): void;
}

/**
 * One connection from a Web server. It alone uses the socket: it feeds the state machine, writes what that queues in one
 * write per turn of the event loop, and stops reading when too much waits in either direction. Its state and its end are in
 * {@link ConnectionLife}.
 */
export class Connection implements ApplicationSideHost, Transferable {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #side: ApplicationSide;
  readonly #input: SocketInput;
  readonly #output: SocketOutput;
  readonly #life: ConnectionLife;
  #flushQueued = false;
  /** Whether anything was read that could be a part of a record. */
  #begun = false;
  /** Set when another process is to have the connection. */
  #handOver: HandOver | undefined;
  /** How often the clock has found a BEGIN_REQUEST that waits for the active requests to end. */
  #heldTicks = 0;
  /** Whether the server closes while another process may have the connection. */
  #isToClose = false;

  constructor(socket: Duplex, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    const { limits, timeouts } = owner;
    const side = new ApplicationSide(owner.application, this, { limits, times: timeouts });
    const input = new SocketInput(socket, this.#read);
    const output = new SocketOutput(socket, timeouts.send);
    [this.#side, this.#input, this.#output] = [side, input, output];
    this.#life = new ConnectionLife(socket, { side, input, output, owner });
    socket.on("drain", this.#sent);
    socket.on("timeout", this.#sendingStalled);
    socket.on("end", this.#peerEnd);
    // Several Web servers end a connection with a reset after the answer; `close` follows and aborts what is active.
    socket.on("error", () => {});
    socket.on("close", this.#closed);
  }

  get values(): Readonly<Record<ValueName, string>> {
    return this.#owner.values;
  }

  now(): number {
    return performance.now();
  }

  admit(): boolean {
    return this.#owner.admit();
  }

  activeChanged(by: number): void {
    this.#owner.activeChanged(by);
    if (this.#side.activeCount === 0) this.#life.idle();
  }

  refused(): void {
    this.#owner.refused();
  }

  bufferedChanged(by: number): void {
    this.#owner.bufferedChanged(by);
    if (by < 0 && this.#input.paused) this.#adjustReading();
  }

  outputQueued(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    // All that the handlers of one chunk answer leaves in one write: their promises settle before the next tick. If
    // another chunk follows in this turn of the event loop, the answers to both leave in one write.
    if (this.#input.moreFollows && this.#side.writable) setImmediate(this.#flush);
    else process.nextTick(this.#flush);
  }

  breakConnection(): void {
    this.#flush();
    this.#output.writeBroken();
    this.#side.disconnect();
    // What was written still leaves, but neither the end of STDOUT nor END_REQUEST follows it.
    this.#life.startDraining();
  }

  /** Ends what has waited too long. */
  expire(now: number): void {
    if (this.#life.isServing && this.#side.activeCount > 0) this.#side.expire(now);
    // Another connection may have made room for input.
    if (this.#input.paused) this.#adjustReading();
    this.#life.expire(now);
    if (this.#handOver !== undefined) this.#hurryToLeave();
  }

  closeWhenIdle(): void {
    if (this.#life.state.kind === "offered") this.#isToClose = true;
    else this.#life.closeWhenIdle();
  }

  /** Another process is to have the connection as soon as no request is active on it. */
  leave(handOver: HandOver): void {
    if (!(this.#socket instanceof AcceptedSocket) || this.#life.state.kind === "draining") {
      this.#life.closeWhenIdle();
      return;
    }
    this.#handOver = handOver;
    this.#side.leaving = true;
    this.#leaveIfIdle();
  }

  /** No other process is to have the connection any more. */
  stay(): void {
    this.#handOver?.forget(this);
    this.#handOver = undefined;
    this.#side.leaving = false;
    this.#receiveRest();
  }

  /** The active requests of this connection, oldest first. */
  get active(): Iterable<Exchange> {
    return this.#side.active;
  }

  /** Lets no new request wait long for an old one: after a while, what has arrived is read. */
  #hurryToLeave(): void {
    this.#leaveIfIdle();
    this.#heldTicks = this.#side.holdsBegin && this.#input.rest !== undefined ? this.#heldTicks + 1 : 0;
    if (this.#heldTicks <= MOST_HELD_TICKS) return;
    this.#side.leaving = false;
    this.#receiveRest();
    this.#side.leaving = true;
  }

  #leaveIfIdle(): void {
    if (this.#life.state.kind === "open" && this.#side.activeCount === 0) this.#handOver?.consider(this);
  }

  release(): OfferedConnection | undefined {
    if (!(this.#socket instanceof AcceptedSocket)) return undefined;
    const { handle } = this.#socket;
    if (handle === undefined || this.#life.state.kind !== "open" || !this.#output.isEmpty) return undefined;
    const begun = this.#side.release();
    if (begun === undefined) return undefined;
    this.#life.offer();
    // It reads into a buffer, so this stops it at once, and the stream holds nothing.
    this.#socket.pause();
    const unread = Buffer.concat([begun, this.#input.rest ?? NOTHING]);
    this.#input.rest = undefined;
    return { handle, unread };
  }

  takeBack(unread: Buffer): void {
    this.#life.takeBack();
    if (!this.#life.isServing) return;
    this.receiveFirst(unread);
    if (this.#isToClose) this.#life.closeWhenIdle();
  }

  /** Begins to read a socket with bytes that were read of it before. */
  receiveFirst(unread: Buffer): void {
    this.#socket.resume();
    if (unread.length > 0) this.#receive(unread);
  }

  /** Closes this process's copy of the socket, which another process reads. */
  forget(): void {
    this.#socket.destroy();
  }

  /** Answers what is still active in the way of its role, and closes unless another process is to have the connection. */
  refuseAll(reason: AbortedError): void {
    if (!this.#life.isServing) return;
    const isIdle = this.#side.activeCount === 0;
    if (this.#handOver !== undefined && !isIdle) {
      this.#side.refuseActive(reason);
      return;
    }
    this.#side.refuseAll(reason);
    if (isIdle && this.#input.rest === undefined) {
      this.#life.closeIdle();
      return;
    }
    this.#flush();
    if (this.#side.finished) this.#life.startDraining();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    if (this.#life.isServing) this.#receive(chunk);
    else if (this.#life.drop(chunk.length) > this.#owner.limits.drainBytes) this.#socket.destroy();
  };

  #receive(chunk: Buffer): void {
    try {
      this.#input.read(chunk, this.#side.receive(chunk));
    } catch (error) {
      this.#fail(error, chunk);
      return;
    }
    this.#begun = true;
    this.#adjustReading();
  }

  /** Reads on in a chunk that was not read to its end, when there is room for more answers. */
  #receiveRest(): void {
    const { rest } = this.#input;
    if (rest === undefined || !this.#life.isServing || this.#output.full) return;
    this.#receive(rest);
    if (this.#input.rest !== undefined) return;
    if (this.#life.state.kind === "peer ended") this.#inputEnded();
    else if (this.#side.finished) this.outputQueued();
  }

  /** After a protocol error nothing can be read, but active requests still get their answers. */
  #fail(error: unknown, chunk: Buffer): void {
    const other = this.#begun ? undefined : otherProtocolOf(chunk);
    this.#owner.report(other?.error ?? (error as Error));
    const fault = error instanceof ProtocolError ? "broke the protocol" : "could not be read";
    this.#side.refuseAll(
      new AbortedError("ERR_ABORTED_DISCONNECT", `Cannot complete request: the connection ${fault}`, error),
    );
    // No request can be active: these are the first bytes.
    if (other?.answer !== undefined) this.#output.writeRaw(other.answer);
    if (!this.#life.isServing) return;
    this.#output.write(this.#side.output);
    // More may be on its way, which must not reset the connection.
    this.#life.startDraining();
  }

  readonly #flush = (): void => {
    this.#flushQueued = false;
    if (!this.#life.isServing || this.#socket.destroyed) return;
    if (this.#life.decideLast()) {
      this.#life.finish();
      return;
    }
    // If the peer is gone this write fails soon; if it does not fail, the peer closed only its sending side.
    if (this.#output.write(this.#side.output)) this.#life.awaitAnswers();
    this.#side.writable = this.#output.writable;
    if (!this.#side.writable) this.#output.limitTime();
    if (this.#handOver !== undefined) this.#leaveIfIdle();
    if (this.#input.rest !== undefined) this.#receiveRest();
    else if (this.#output.full) this.#adjustReading();
  };

  readonly #sent = (): void => {
    if (this.#life.isServing) this.#output.unlimitTime();
    this.#side.writable = true;
    if (this.#handOver !== undefined) this.#leaveIfIdle();
    if (this.#input.rest !== undefined) this.#receiveRest();
    else if (this.#input.paused) this.#adjustReading();
  };

  /** The peer did not accept any output in time: the connection is closed. */
  readonly #sendingStalled = (): void => {
    if (this.#output.isEmpty || this.#output.isEarly) return;
    const reason = new AbortedError(
      "ERR_ABORTED_TIMEOUT",
      "Cannot complete request: the peer accepts no more output",
    );
    this.#owner.report(reason);
    this.#side.disconnect(reason);
    this.#socket.destroy();
  };

  readonly #peerEnd = (): void => {
    this.#life.peerEnded();
    // What came before is read first.
    if (this.#input.rest === undefined) this.#inputEnded();
  };

  #inputEnded(): void {
    if (!this.#life.isServing) return;
    this.#side.inputEnded();
    if (this.#side.activeCount === 0) {
      this.#flush();
      this.#life.startDraining();
    } else {
      this.#side.finishWhenIdle();
      this.#life.awaitAnswers();
    }
  }

  readonly #closed = (): void => {
    this.#handOver?.forget(this);
    this.#life.closed();
    this.#output.closed();
    this.#side.disconnect();
    this.#side.output.clear();
    this.#owner.closed(this);
  };

  #adjustReading(): void {
    if (!this.#life.isServing) return;
    const { inputFull, buffered } = this.#side;
    const full = inputFull || (this.#owner.inputFull && buffered > 0) || this.#output.full;
    this.#input.paused = full || this.#input.rest !== undefined;
  }
}
