import type { Duplex } from "node:stream";

import { AbortedError, ProtocolError } from "../errors.js";
import type { Application } from "../protocol/application-side/application.js";
import { ApplicationSide } from "../protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../protocol/application-side/application-side-host.js";
import type { ValueName } from "../protocol/constants.js";
import { ConnectionLife } from "./connection-life.js";
import type { ServerLimits, ServerTimeouts } from "./options.js";
import { otherProtocolOf } from "./other-protocol.js";
import { SocketInput } from "./socket-input.js";
import { SocketOutput } from "./socket-output.js";

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
  /** The peer is at fault, or a fault of our own was caught; the error has nothing that a peer sent. */
  report(error: Error): void;
  closed(connection: Connection): void;
}

/**
 * One connection from a Web server. It alone uses the socket: it feeds the state machine, writes what that queues in one
 * write per turn of the event loop, and stops reading when too much waits in either direction. Its state and its end are in
 * {@link ConnectionLife}.
 */
export class Connection implements ApplicationSideHost {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #side: ApplicationSide;
  readonly #input: SocketInput;
  readonly #output: SocketOutput;
  readonly #life: ConnectionLife;
  #flushQueued = false;
  /** Whether anything was read that could be a part of a record. */
  #begun = false;

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
  }

  closeWhenIdle(): void {
    this.#life.closeWhenIdle();
  }

  /** Answers what is still active in the way of its role, and closes. */
  refuseAll(reason: AbortedError): void {
    if (!this.#life.isServing) return;
    const isIdle = this.#side.activeCount === 0;
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
    if (this.#input.rest !== undefined) this.#receiveRest();
    else if (this.#output.full) this.#adjustReading();
  };

  readonly #sent = (): void => {
    if (this.#life.isServing) this.#output.unlimitTime();
    this.#side.writable = true;
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
