import type { IncomingMessage } from "node:http";
import { Socket, type AddressInfo } from "node:net";

import type { ResponderRequest } from "../roles/responder-request.js";
import { ListenerInput } from "./listener-input.js";
import { RequestSocket, responseOn } from "./node-internals.js";
import { defineSocketProperties } from "./socket-properties.js";

/** The owner of a request's socket: its answer. */
export interface SocketOwner {
  /** Called when the listener has destroyed the socket, and with it the request. */
  onDestroy(error: Error | undefined): void;
  /** The bytes of the answer so far. */
  readonly bytesWritten: number;
}

/**
 * The socket of a request, as a listener sees it: the peer's addresses and the state of the request. No connection belongs
 * to one request alone, so nothing can be written to it, and ending it abandons the request. It pushes the body into the
 * message, as the parser of node:http does.
 */
export class ListenerSocket extends RequestSocket {
  /** The request as Tricorn knows it. */
  readonly request: ResponderRequest;
  readonly #owner: SocketOwner;
  #input: ListenerInput | undefined;
  #timer: NodeJS.Timeout | undefined;
  destroyed = false;
  readable = true;
  writable = true;
  connecting = false;
  /** Milliseconds without input or output before it emits "timeout"; 0 for never. */
  timeout = 0;
  readonly readableHighWaterMark = 64 * 1024;
  readonly writableHighWaterMark = 64 * 1024;
  readonly writableLength = 0;
  readonly writableCorked = 1;
  readonly writableNeedDrain = false;
  readonly writableObjectMode = false;
  readonly readableLength = 0;
  readonly readableObjectMode = false;
  readonly readableFlowing = true;
  readonly readableEncoding = null;
  readonly bufferSize = 0;
  allowHalfOpen = true;
  /** The error that it was destroyed with. */
  errored: Error | null = null;

  constructor(request: ResponderRequest, owner: SocketOwner) {
    super();
    this.request = request;
    this.#owner = owner;
  }

  /** Sets the message that the body is pushed into. */
  feed(message: IncomingMessage): void {
    this.#input = new ListenerInput(this, message);
  }

  get bytesWritten(): number {
    return this.#owner.bytesWritten;
  }

  /** For stream.finished(): a destroyed socket is closed. */
  get closed(): boolean {
    return this.destroyed;
  }

  /** Whether the client sends no more. */
  get readableEnded(): boolean {
    return !this.readable;
  }

  get writableEnded(): boolean {
    return !this.writable;
  }

  get writableFinished(): boolean {
    return !this.writable;
  }

  get pending(): boolean {
    return this.connecting;
  }

  get readyState(): string {
    if (this.destroyed) return "closed";
    return this.readable ? "open" : "writeOnly";
  }

  address(): AddressInfo {
    const { localAddress, localPort, localFamily } = this as unknown as Record<string, unknown>;
    return { address: localAddress, port: localPort, family: localFamily } as AddressInfo;
  }

  /** Abandons the request: an unfinished answer fails. The owner emits the error. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.writable = false;
    this.errored = error ?? null;
    this.#owner.onDestroy(error);
    return this;
  }

  /** The same as {@link destroy}, because the answer does not go through the socket. */
  end(): this {
    return this.destroy();
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  /** Marks the request as over. The owner emits the events, in their order. */
  markDestroyed(): void {
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Marks the request as finished, and emits "close" after request and response have, as at a connection's end. */
  markDestroyedLater(): void {
    if (this.listenerCount("close") === 0) {
      this.markDestroyed();
      return;
    }
    clearTimeout(this.#timer);
    setImmediate(() => {
      this.markDestroyed();
      this.emit("close", false);
    });
  }

  /** Emits an error if it has a listener. In node:http it always has one. */
  emitError(error: Error): void {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }

  /** Pushes the available body into the message, up to its high-water mark. */
  readAhead(): void {
    this.#input!.readAhead();
  }

  /** Sets the message's `complete` at the end of the request. */
  updateComplete(): void {
    this.#input!.updateComplete();
  }

  /** Called by the message when it is read. */
  resume(): this {
    this.#input?.resume();
    return this;
  }

  pause(): this {
    return this;
  }

  isPaused(): boolean {
    return false;
  }

  /** Always null: only the message has data to read. */
  read(): null {
    return null;
  }

  unpipe(): this {
    return this;
  }

  setDefaultEncoding(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}

  write(): boolean {
    throw new TypeError(
      "Cannot write to the socket of a request: a FastCGI request has no connection of its own",
    );
  }

  /** Emits "timeout" after this many milliseconds without input or output; 0 for never. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    const duration = timerDuration(milliseconds);
    if (listener !== undefined) {
      if (duration === 0) this.off("timeout", listener);
      else this.once("timeout", listener);
    }
    clearTimeout(this.#timer);
    this.timeout = duration;
    this.#timer =
      duration === 0 || this.destroyed ? undefined : setTimeout(() => this.#onIdle(), duration).unref();
    return this;
  }

  /** Restarts the idle timer after input or output. */
  touch(): void {
    this.#timer?.refresh();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** As the server of node:http does: destroys the socket unless request or response handles "timeout". */
  #onIdle(): void {
    const message = this.#input!.message;
    const handled = [
      !message.complete && message.emit("timeout", this),
      responseOn(this)?.emit("timeout", this) === true,
    ];
    if (!handled.includes(true)) this.destroy();
    this.emit("timeout");
  }
}

defineSocketProperties(ListenerSocket.prototype);

/** The maximum of a timer, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * Milliseconds as node:net interprets them: longer ones are reduced to the maximum of a timer.
 *
 * @throws what node:net throws for an invalid time
 */
function timerDuration(milliseconds: number): number {
  if (typeof milliseconds === "number" && milliseconds >= 0 && milliseconds < Infinity)
    return Math.min(milliseconds, MAX_TIMER);
  return new Socket().setTimeout(milliseconds).timeout ?? 0;
}
