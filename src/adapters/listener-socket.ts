import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { ResponderRequest } from "../roles/responder-request.js";
import { ListenerInput } from "./listener-input.js";
import { tellFacts } from "./socket-facts.js";
import { durationOf } from "./timer-duration.js";

/** What the socket of a response would tell of its buffer; nobody corks this one. */
const writableState = { corked: 1 };

/** Who answers the request that a socket stands for. */
export interface SocketOwner {
  /** The listener has no use for the socket any more, and so for the request. */
  destroyed(error: Error | undefined): void;
  /** Bytes of the answer so far. */
  readonly bytesWritten: number;
}

/**
 * What a listener finds as the socket of its request: who is at the other end, and whether the request still stands. There
 * is no connection behind it that belongs to the request alone, so nothing can be written to it, and to end it is to give
 * up the request. It feeds the body to the request, as the parser of node:http does.
 */
export class ListenerSocket extends EventEmitter {
  /** The request as Tricorn knows it. */
  readonly request: ResponderRequest;
  readonly #owner: SocketOwner;
  #input: ListenerInput | undefined;
  #timer: NodeJS.Timeout | undefined;
  destroyed = false;
  readable = true;
  writable = true;
  connecting = false;
  /** Milliseconds without input or output after which it says so. */
  timeout = 0;
  /** The response, by the name that node:http has for it. */
  _httpMessage: ServerResponse | undefined;
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
  readonly _writableState = writableState;

  constructor(request: ResponderRequest, owner: SocketOwner) {
    super();
    this.request = request;
    this.#owner = owner;
  }

  /** The message that the body is fed to. */
  feed(message: IncomingMessage): void {
    this.#input = new ListenerInput(this, message);
  }

  get bytesWritten(): number {
    return this.#owner.bytesWritten;
  }

  /** For stream.finished(): it is over as soon as it is destroyed. */
  get closed(): boolean {
    return this.destroyed;
  }

  /** The client has said all that it will. */
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

  /** Gives up the request: what was not answered fails. The error is told by an event, as node:http listens for it. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.writable = false;
    this.errored = error ?? null;
    this.#owner.destroyed(error);
    return this;
  }

  /** As {@link destroy}: nothing else can become of a request whose answer shall not come. */
  end(): this {
    return this.destroy();
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  /** The request is over. The events are the owner's matter: they have an order. */
  markDestroyed(): void {
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The request has finished. Who listens is told when request and response have closed, as of a connection's end. */
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

  /** Tells of an error where anybody listens: node:http always does. */
  tellError(error: Error): void {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }

  /** Reads what is there of the body, as far as it may wait in the message. */
  readAhead(): void {
    this.#input!.readAhead();
  }

  /** Nothing further comes: the message says whether all of it had. */
  settle(): void {
    this.#input!.settle();
  }

  /** Asked for by the message when somebody reads it. */
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

  /** What has come is the request's to read. */
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
    throw new TypeError("Cannot write to the socket of a request: it has none of its own behind FastCGI");
  }

  /** Says "timeout" after so many milliseconds without input or output; 0 for never. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    const given = durationOf(milliseconds);
    if (listener !== undefined) {
      if (given === 0) this.off("timeout", listener);
      else this.once("timeout", listener);
    }
    clearTimeout(this.#timer);
    this.timeout = given;
    this.#timer = given === 0 || this.destroyed ? undefined : setTimeout(() => this.#idle(), given).unref();
    return this;
  }

  /** There was input or output. */
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

  /** As the server of node:http does: where neither request nor response hears of it, that is the end. */
  #idle(): void {
    const message = this.#input!.message;
    const heard = [
      !message.complete && message.emit("timeout", this),
      this._httpMessage?.emit("timeout", this) === true,
    ];
    if (!heard.includes(true)) this.destroy();
    this.emit("timeout");
  }
}

tellFacts(ListenerSocket.prototype);
