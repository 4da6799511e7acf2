import type { Duplex } from "node:stream";

import { AbortedError, ProtocolError } from "../errors.js";
import { ApplicationSide } from "../protocol/application-side/application-side.js";
import type { ApplicationSideHost } from "../protocol/application-side/application-side-host.js";
import type { ValueName } from "../protocol/constants.js";
import { ConnectionLife } from "./connection-life.js";
import { OwnerCounts, type ConnectionOwner } from "./connection-owner.js";
import { otherProtocolOf } from "./other-protocol.js";
import { SocketOutput } from "./socket-output.js";

/** Bytes that Node.js reads from a socket at once. */
const FULL_READ = 64 * 1024;

/**
 * One connection from a Web server. It alone touches the socket: it feeds the state machine, writes what that queues in
 * one write per turn of the event loop, stops reading when too much waits in either direction, and closes in the order
 * that loses no answer (sections 3.5 and 5.5).
 */
export class Connection implements ApplicationSideHost {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner<Connection>;
  readonly #side: ApplicationSide;
  readonly #output: SocketOutput;
  readonly #life: ConnectionLife;
  readonly #counts: OwnerCounts;
  #flushQueued = false;
  /** Whether the last chunk was as long as Node.js reads: then it reads again at once. */
  #moreFollows = false;
  #paused = false;
  /** The peer broke the protocol: whether something is still on its way from it cannot be told. */
  #unreadable = false;
  /** The server closes: whether another request may still be on its way, or is being looked for. */
  #closing: "no" | "expecting" | "looking" | "idle" = "no";
  /** Whether anything was read that could be a part of a record. */
  #begun = false;
  /** What is left of a chunk that asked for more than may be answered at once. */
  #rest: Buffer | undefined;

  constructor(socket: Duplex, owner: ConnectionOwner<Connection>) {
    this.#socket = socket;
    this.#owner = owner;
    const { limits, timeouts } = owner;
    this.#side = new ApplicationSide(owner.application, this, { limits, times: timeouts });
    this.#output = new SocketOutput(socket, timeouts.send);
    this.#life = new ConnectionLife(owner);
    this.#counts = new OwnerCounts(owner, this.#side);
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
    return performance.now();
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
    if (this.#counts.bytes > 0) this.#counts.countBytes();
    if (this.#paused) this.#adjustReading();
  }

  exchangeEnded(): void {
    this.#count();
    // Its params do not wait any more.
    this.inputConsumed();
    // A request that was answered at once was never counted.
    if (this.#counts.active === 0) this.#life.idle();
  }

  breakConnection(): void {
    this.#flush();
    this.#output.writeBroken();
    this.#side.disconnect();
    this.#count();
    // Everything that was written still leaves, but neither the end of STDOUT nor END_REQUEST follows it.
    this.#startDraining();
  }

  /** Ends what has waited too long. */
  expire(now: number): void {
    if (this.#life.state === "open" && this.#side.activeCount > 0) this.#side.expire(now);
    // Others may have made room for input meanwhile.
    if (this.#paused) this.#adjustReading();
    if (!this.#life.over(now)) return;
    if (this.#life.state === "open" && !this.#life.peerEnded) {
      if (this.#side.activeCount > 0) return;
      if (this.#closing === "no") this.#startDraining();
      else this.#closeIdle();
    } else if (this.#output.isEmpty) {
      this.#socket.destroy();
    }
    // While an answer is on its way, the time-out of the socket tells whether the peer still takes it.
  }

  /**
   * Closes as soon as nothing is active: at once for an idle connection, of which everything that had come must be read. One
   * that has not brought a request yet, or half a BEGIN_REQUEST, is about to.
   */
  closeWhenIdle(): void {
    if (this.#life.state === "draining") {
      this.#life.hurry();
      return;
    }
    this.#side.finishWhenIdle();
    this.#closing = this.#side.expectsRequest ? "expecting" : "idle";
    if (!this.#side.finished || this.#rest !== undefined) return;
    if (this.#closing === "expecting") this.#life.awaitRequest();
    else this.#closeIdle();
  }

  /** Whether a connection without an active request stays open although the server closes. */
  #mayBringMore(): boolean {
    if (this.#closing === "expecting" && this.#side.expectsRequest) return true;
    if (this.#closing === "no" || !this.#side.multiplexes) return false;
    // A Web server that multiplexes does not wait for an answer before it sends the next request.
    if (this.#closing !== "looking") setImmediate(() => setImmediate(this.#looked));
    this.#closing = "looking";
    return true;
  }

  /** Everything was read that had come when the last answer was written. */
  readonly #looked = (): void => {
    if (this.#closing !== "looking") return;
    this.#closing = "idle";
    if (this.#life.state === "open" && this.#side.finished) this.#closeIdle();
  };

  /** Closes a connection on which nothing is active. */
  #closeIdle(): void {
    this.#finish(this.#side.output.take());
    // Nothing is on its way in either direction, so nothing can be lost.
    if (this.#side.inputComplete && this.#output.isEmpty) this.#socket.destroy();
    else this.#life.hurry();
  }

  /** Answers what is still active in the way of its role, and closes. */
  refuseAll(reason: AbortedError): void {
    if (this.#life.state !== "open") return;
    const isIdle = this.#side.activeCount === 0;
    this.#side.refuseAll(reason);
    if (isIdle && this.#rest === undefined) {
      this.#closeIdle();
      return;
    }
    this.#flush();
    if (this.#side.finished) this.#startDraining();
  }

  /** Gives the connection up, whatever is in flight. */
  destroy(): void {
    this.#socket.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    this.#moreFollows = chunk.length >= FULL_READ;
    if (this.#life.state === "open") this.#receive(chunk);
    else if (!this.#life.drop(chunk.length)) this.#socket.destroy();
  };

  #receive(chunk: Buffer): void {
    try {
      const read = this.#side.receive(chunk);
      this.#rest = read < chunk.length ? chunk.subarray(read) : undefined;
    } catch (error) {
      this.#fail(error, chunk);
      return;
    }
    this.#begun = true;
    this.#count();
    this.#counts.countBytes();
    this.#adjustReading();
  }

  /** Reads on in a chunk that could not be read to its end, when there is room for more answers. */
  #receiveRest(): void {
    const rest = this.#rest;
    if (rest === undefined || this.#life.state !== "open" || this.#output.full) return;
    this.#receive(rest);
    if (this.#rest !== undefined) return;
    if (this.#life.peerEnded) this.#inputEnded();
    else if (this.#side.finished) this.outputQueued();
  }

  /** After a protocol error nothing can be read, but what is active still gets its answer. */
  #fail(error: unknown, chunk: Buffer): void {
    const other = this.#begun ? undefined : otherProtocolOf(chunk);
    this.#owner.report(other?.error ?? (error as Error));
    const fault = error instanceof ProtocolError ? "broke the protocol" : "could not be read";
    this.#unreadable = true;
    this.#side.refuseAll(
      new AbortedError("ERR_ABORTED_DISCONNECT", `Cannot complete request: the connection ${fault}`, error),
    );
    // No request can be active: these are the first bytes.
    if (other?.answer !== undefined) this.#output.write([other.answer]);
    this.#flush();
    this.#startDraining();
  }

  readonly #flush = (): void => {
    this.#flushQueued = false;
    if (this.#life.state !== "open" || this.#socket.destroyed) return;
    const buffers = this.#side.output.take();
    if (this.#side.finished && this.#rest === undefined && !this.#mayBringMore()) {
      this.#finish(buffers);
      return;
    }
    this.#output.write(buffers);
    // Where the peer is gone this write fails soon; if it does not, the peer only closed its sending side.
    if (this.#life.peerEnded && buffers.length > 0) this.#life.awaitAnswers();
    this.#side.writable = this.#output.writable;
    if (!this.#side.writable) this.#output.limitTime();
    if (this.#rest !== undefined) this.#receiveRest();
    else if (this.#output.full) this.#adjustReading();
  };

  readonly #sent = (): void => {
    if (this.#life.state === "open") this.#output.unlimitTime();
    this.#side.writable = true;
    if (this.#rest !== undefined) this.#receiveRest();
    else if (this.#paused) this.#adjustReading();
  };

  /** Writes the last answer and closes; nginx without keep-alive waits for that (section 3.5). */
  #finish(buffers: Uint8Array[]): void {
    if (buffers.length === 0 || !this.#side.inputComplete || this.#unreadable) {
      this.#output.write(buffers);
      this.#startDraining();
      return;
    }
    // Nothing is on its way to us that a close could answer with a reset, so no half-close is needed.
    this.#beginDraining();
    this.#output.writeLast(buffers);
  }

  #beginDraining(): void {
    this.#life.drain();
    this.#rest = undefined;
  }

  /** Half-closes, and reads on until the peer closes too: closing on unread input would reset what was just sent. */
  #startDraining(): void {
    if (this.#life.state !== "open") return;
    this.#beginDraining();
    this.#output.end();
    this.#paused = false;
    this.#socket.resume();
  }

  /** A peer that takes nothing of an answer for too long is given up. */
  readonly #sendingStalled = (): void => {
    if (this.#output.isEmpty || this.#output.isEarly) return;
    const reason = new AbortedError(
      "ERR_ABORTED_TIMEOUT",
      "Cannot complete request: the peer takes no more output",
    );
    this.#owner.report(reason);
    this.#side.disconnect(reason);
    this.#socket.destroy();
  };

  readonly #peerEnd = (): void => {
    this.#life.peerEnded = true;
    // What came before is read first.
    if (this.#rest === undefined) this.#inputEnded();
  };

  #inputEnded(): void {
    if (this.#life.state !== "open") return;
    this.#side.inputEnded();
    this.#count();
    if (this.#side.activeCount === 0) {
      this.#flush();
      this.#startDraining();
    } else {
      this.#side.finishWhenIdle();
      this.#life.awaitAnswers();
    }
  }

  readonly #closed = (): void => {
    this.#life.state = "closed";
    this.#side.disconnect();
    this.#count();
    this.#counts.countBytes();
    this.#owner.closed(this);
  };

  #adjustReading(): void {
    if (this.#life.state !== "open") return;
    const side = this.#side;
    const full =
      this.#rest !== undefined ||
      side.inputFull ||
      (this.#owner.inputFull && side.buffered > 0) ||
      this.#output.full;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  #count(): void {
    if (this.#counts.countActive() && this.#counts.active === 0) this.#life.idle();
  }
}

/** A reset after the answer is how several Web servers say goodbye; `close` follows and tells whoever is active. */
function ignore(): void {}
