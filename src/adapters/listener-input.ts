import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { contentLengthOf } from "../http/content-length.js";
import { InputReader } from "../body/input-reader.js";
import { visibleTarget } from "../paths/request-target.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { addHeaderLines, isDiscarded } from "./node-internals.js";
import { hasBody, requestHeaderLines } from "./raw-headers.js";

/** The socket of a message. */
export interface InputSocket {
  readonly request: ResponderRequest;
  destroyed: boolean;
  readable: boolean;
  /** Restarts the idle timer. */
  touch(): void;
}

/** Pushes STDIN into a message, as the parser of node:http does with the bytes of a socket. */
export class ListenerInput {
  readonly #socket: InputSocket;
  readonly message: IncomingMessage;
  #reader: InputReader | undefined;
  #isReading = false;

  constructor(socket: InputSocket, message: IncomingMessage) {
    this.#socket = socket;
    this.message = message;
  }

  /** Starts reading, because the message is read. */
  resume(): void {
    if (this.#isReading || this.message.complete) return;
    this.#isReading = true;
    void this.#pump();
  }

  /**
   * Pushes what has arrived, and what arrives from now on, up to the high-water mark of the message. So `complete` becomes
   * true although the listener does not read, and the body can be read after the client has left. This starts no time
   * limit, because nothing waits for the body.
   */
  readAhead(): void {
    const { exchange } = this.#socket.request;
    if (exchange.ended || exchange.aborted !== undefined) return;
    exchange.stdin.arrived = this.#arrived;
    this.#arrived();
  }

  /** Sets `complete` at the end of the request. */
  updateComplete(): void {
    if (!hasBody(this.#socket.request)) this.message.complete = true;
    else this.#arrived();
  }

  readonly #arrived = (): void => {
    const { message } = this;
    const { stdin } = this.#socket.request.exchange;
    if (this.#isReading || message.complete || message.destroyed) return;
    const reader = this.#open();
    while (stdin.buffered > 0 && message.readableLength < message.readableHighWaterMark) {
      // A body that is too long: the next read fails.
      if (reader.length !== undefined && stdin.received > reader.length) return;
      this.#push(reader.next() as Buffer);
    }
    const isWhole = reader.length === undefined || stdin.received === reader.length;
    if (stdin.ended && stdin.buffered === 0 && isWhole) this.#finish();
  };

  async #pump(): Promise<void> {
    const { message } = this;
    const reader = this.#open();
    try {
      for (;;) {
        const piece = await reader.next();
        if (message.destroyed) return;
        if (piece === undefined) {
          this.#finish();
          return;
        }
        this.#socket.touch();
        if (!isDiscarded(message) && !this.#push(piece)) break;
      }
      this.#isReading = false;
    } catch (error) {
      if (isDiscarded(message)) {
        this.#finish();
        return;
      }
      // Express waits with its error page for on-finished, to which "finish" is an end too; the socket stays open here.
      message.once("close", () => message.emit("finish"));
      destroyMessage(message, error as Error);
    }
  }

  #push(piece: Buffer): boolean {
    return this.message.push(piece);
  }

  #finish(): void {
    this.message.complete = true;
    this.message.push(null);
  }

  #open(): InputReader {
    const { exchange, params } = this.#socket.request;
    return (this.#reader ??= new InputReader(exchange.stdin, {
      name: "body",
      length: contentLengthOf(params),
    }));
  }
}

/** Destroys a message whose body cannot be read any further. The request can still be answered. */
export function destroyMessage(message: IncomingMessage, error?: Error): void {
  const socket = message.socket as unknown as InputSocket;
  const { destroyed } = socket;
  // Libraries check this for more input.
  socket.readable = false;
  // Otherwise the message would destroy the socket.
  socket.destroyed = true;
  message.destroy(error);
  socket.destroyed = destroyed;
}

/** Creates the `IncomingMessage` of a request. Its header fields are parsed on first use. */
export function createMessage(request: ResponderRequest, socket: InputSocket): IncomingMessage {
  const message = new IncomingMessage(socket as unknown as Socket);
  message.method = request.method;
  message.url = visibleTarget(request.target);
  // The listener's side, as behind a proxy: with 2, libraries would expect the streams of HTTP/2.
  message.httpVersion = "1.1";
  message.httpVersionMajor = 1;
  message.httpVersionMinor = 1;
  addHeaderLines(message, requestHeaderLines(request));
  return message;
}
