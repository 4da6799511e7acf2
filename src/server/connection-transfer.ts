import type { ApplicationSide } from "../protocol/application-side/application-side.js";
import type { AcceptedSocket } from "./accepted-socket.js";
import type { ConnectionLife } from "./connection-life.js";
import type { HandOver, OfferEnd, OfferedConnection, Transferable } from "./hand-over.js";
import type { SocketInput } from "./socket-input.js";
import type { SocketOutput } from "./socket-output.js";

/** How often the clock, which is read eight times a second, may find a BEGIN_REQUEST waiting. */
const MOST_HELD_TICKS = 4;

const NOTHING = Buffer.alloc(0);

/** The parts of a connection that go to another process, or stop. */
export interface TransferredParts {
  readonly socket: AcceptedSocket;
  readonly side: ApplicationSide;
  readonly input: SocketInput;
  readonly output: SocketOutput;
  readonly life: ConnectionLife;
  /** Requests a second that it brings. */
  readonly rate: () => number;
  /** Reads bytes that were read of the socket before, then the socket. */
  receiveFirst(unread: Buffer): void;
  /** The peer has closed its side, and everything was read. */
  inputEnded(): void;
  /** Reads on: what was left unread, then the socket. */
  readOn(): void;
}

/**
 * How a connection goes to another process as soon as no request is active on it, and comes back if none takes it. Of a server
 * that leaves, a connection that no process has taken in time is offered again before a byte of it is read: the process that
 * replaces this one may already serve.
 */
export class ConnectionTransfer implements Transferable {
  readonly #parts: TransferredParts;
  #handOver: HandOver | undefined;
  /** How often the clock has found a BEGIN_REQUEST that waits for the active requests to end. */
  #heldTicks = 0;
  /** Whether the server closes while another process may have the connection. */
  #isToClose = false;
  #isHeld = false;

  constructor(parts: TransferredParts) {
    this.#parts = parts;
  }

  /** Whether nothing is read although the connection is open. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether its server leaves. */
  get isLeaving(): boolean {
    return this.#handOver?.purpose === "leave";
  }

  /** Another process is to have it. */
  begin(handOver: HandOver): void {
    this.#handOver = handOver;
    this.#parts.side.leaving = this.isLeaving;
    this.consider();
  }

  /** No other process is to have it any more. */
  stay(): void {
    this.#handOver?.forget(this);
    this.#handOver = undefined;
    this.#parts.side.leaving = false;
    this.#isHeld = false;
    this.#parts.readOn();
  }

  /** The server closes. Returns whether the connection waits for another process, and closes when that does not take it. */
  closesLater(): boolean {
    this.#isToClose = this.#parts.life.state.kind === "offered";
    return this.#isToClose;
  }

  /** It may be idle now. */
  consider(): void {
    const { life, side } = this.#parts;
    if (life.state.kind === "open" && side.activeCount === 0) this.#handOver?.consider(this);
  }

  /** The clock was read. No new request waits long for an old one on the same connection: after a while, what has arrived is read. */
  tick(): void {
    this.consider();
    if (!this.isLeaving) return;
    const { side, input } = this.#parts;
    this.#heldTicks = side.holdsBegin && input.rest !== undefined ? this.#heldTicks + 1 : 0;
    if (this.#heldTicks <= MOST_HELD_TICKS) return;
    side.leaving = false;
    this.#parts.readOn();
    side.leaving = true;
  }

  /** The socket is closed. */
  closed(): void {
    this.#handOver?.forget(this);
  }

  release(): OfferedConnection | undefined {
    const { socket, side, input, output, life } = this.#parts;
    const { handle } = socket;
    if (handle === undefined || life.state.kind !== "open" || !output.isEmpty) return undefined;
    const { isUnused } = side;
    const begun = side.release();
    if (begun === undefined) return undefined;
    life.offer();
    // It reads into a buffer, so this stops it at once, and the stream holds nothing.
    socket.pause();
    const unread = Buffer.concat([begun, input.rest ?? NOTHING]);
    input.rest = undefined;
    return { handle, unread, rate: isUnused ? undefined : this.#parts.rate() };
  }

  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#parts.input.paused = true;
  }

  comeBack(unread: Buffer, why: Exclude<OfferEnd, "taken">): void {
    const { life, input } = this.#parts;
    life.takeBack();
    if (!life.isServing) return;
    if (why === "late" && this.isLeaving && life.state.kind === "open") {
      if (unread.length > 0) input.rest = unread;
      this.#isHeld = true;
      this.#handOver?.consider(this);
      return;
    }
    if (!this.isLeaving) this.#handOver = undefined;
    this.#isHeld = false;
    this.#parts.receiveFirst(unread);
    if (life.state.kind === "peer ended" && input.rest === undefined) this.#parts.inputEnded();
    if (this.#isToClose) life.closeWhenIdle();
  }

  forget(): void {
    this.#parts.socket.destroy();
  }
}
