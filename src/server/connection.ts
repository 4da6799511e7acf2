import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { AbortedError, ProtocolError } from "../errors.js";
import { publishProtocolError } from "../events/protocol-error-event.js";
import type { Application } from "../protocol/application-side/application.js";
import type { Exchange } from "../protocol/application-side/exchange.js";
import { ApplicationSide } from "../protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../protocol/application-side/application-side-host.js";
import type { ValueName } from "../protocol/constants.js";
import type { Framing } from "../protocol/framing.js";
import { ConnectionLife, type IdleEnd } from "./connection-life.js";
import { AcceptedSocket } from "./accepted-socket.js";
import { ConnectionTransfer } from "./connection-transfer.js";
import type { Givable } from "./giving.js";
import type { HandOver } from "./hand-over.js";
import type { ServerLimits, ServerTimeouts } from "./options.js";
import { otherProtocolOf } from "./other-protocol.js";
import { movingRate } from "./request-rate.js";
import { SocketInput } from "./socket-input.js";
import { SocketOutput } from "./socket-output.js";

/** The number of the last connection. */
let lastId = 0;

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
export class Connection implements ApplicationSideHost, Givable {
  readonly id = (lastId += 1);
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #framing: Framing;
  readonly #side: ApplicationSide;
  readonly #input: SocketInput;
  readonly #output: SocketOutput;
  readonly #life: ConnectionLife;
  #flushQueued = false;
  /** Whether anything was read that could be a part of a record. */
  #begun = false;
  /** Set when another process is to have the connection. */
  #transfer: ConnectionTransfer | undefined;
  /** Requests a second that it brings, as they were last measured, and the requests since then. */
  #rate = 0;
  #requests = 0;

  constructor(socket: Duplex, owner: ConnectionOwner, framing: Framing) {
    this.#socket = socket;
    this.#owner = owner;
    this.#framing = framing;
    const { limits, timeouts } = owner;
    const side = new ApplicationSide(owner.application, this, { limits, times: timeouts, framing });
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
    if (by > 0) this.#requests += by;
    if (this.#side.activeCount === 0) this.#life.idle();
  }

  violated(error: ProtocolError): void {
    const { remoteAddress: peer } = this.#socket as Partial<Socket>;
    publishProtocolError(error, { id: this.id, peer });
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
    if (this.#framing.isSingle) {
      // The end of the connection is the end of the answer, so it must not look like one.
      this.#side.disconnect();
      this.#output.reset();
      return;
    }
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
    this.#transfer?.tick();
  }

  closeWhenIdle(idleEnd?: IdleEnd): void {
    if (this.#transfer?.closesLater() !== true) this.#life.closeWhenIdle(idleEnd);
  }

  /** Another process is to have the connection as soon as no request is active on it, or it closes if none can, as with SCGI. */
  leave(handOver: HandOver): void {
    if (this.#life.state.kind === "draining") this.#life.closeWhenIdle();
    else if (!this.#beginTransfer(handOver)) this.#life.closeWhenIdle();
  }

  give(handOver: HandOver): void {
    this.#beginTransfer(handOver);
  }

  keep(): void {
    if (this.#transfer?.isLeaving === false) this.#transfer.stay();
  }

  /** No other process is to have the connection any more. */
  stay(): void {
    this.#transfer?.stay();
  }

  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#rate = rate;
  }

  measure(elapsed: number): void {
    this.#rate = movingRate(this.#rate, { count: this.#requests, elapsed });
    this.#requests = 0;
  }

  get isKept(): boolean {
    return this.#side.isKept;
  }

  /** The active requests of this connection, oldest first. */
  get active(): Iterable<Exchange> {
    return this.#side.active;
  }

  /** Begins to read a socket with bytes that were read of it before. */
  receiveFirst(unread: Buffer): void {
    this.#socket.resume();
    if (unread.length > 0) this.#receive(unread);
  }

  /** Returns whether the socket can go to another process. */
  #beginTransfer(handOver: HandOver): boolean {
    const socket = this.#socket;
    if (!(socket instanceof AcceptedSocket) || this.#framing.isSingle) return false;
    this.#transfer ??= new ConnectionTransfer({
      socket,
      side: this.#side,
      input: this.#input,
      output: this.#output,
      life: this.#life,
      rate: () => this.#rate,
      receiveFirst: (unread) => this.receiveFirst(unread),
      inputEnded: () => this.#inputEnded(),
      readOn: () => {
        this.#receiveRest();
        this.#adjustReading();
      },
    });
    this.#transfer.begin(handOver);
    return true;
  }

  /** Answers what is still active in the way of its role, and closes unless another process is to have the connection. */
  refuseAll(reason: AbortedError): void {
    if (!this.#life.isServing) return;
    const isIdle = this.#side.activeCount === 0;
    if (this.#transfer?.isLeaving === true && !isIdle) {
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
    if (this.#transfer?.isHeld === true) return;
    this.#receive(rest);
    if (this.#input.rest !== undefined) return;
    if (this.#life.state.kind === "peer ended") this.#inputEnded();
    else if (this.#side.finished) this.outputQueued();
  }

  /** After a protocol error nothing can be read, but active requests still get their answers. */
  #fail(error: unknown, chunk: Buffer): void {
    const other = this.#begun ? undefined : otherProtocolOf(chunk, this.#framing.name);
    const reported = other?.error ?? (error as Error);
    this.#owner.report(reported);
    if (reported instanceof ProtocolError) this.violated(reported);
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
    this.#transfer?.consider();
    if (this.#input.rest !== undefined) this.#receiveRest();
    else if (this.#output.full) this.#adjustReading();
  };

  readonly #sent = (): void => {
    if (this.#life.isServing) this.#output.unlimitTime();
    this.#side.writable = true;
    this.#transfer?.consider();
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
    this.#transfer?.closed();
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
    this.#input.paused = full || this.#input.rest !== undefined || this.#transfer?.isHeld === true;
  }
}
