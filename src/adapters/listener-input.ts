import type { IncomingMessage } from "node:http";

import { contentLengthOf } from "../http/content-length.js";
import { InputReader } from "../body/input-reader.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { hasBody } from "./header-lines.js";

/** The socket that a message reads its body from. */
export interface InputSocket {
  readonly request: ResponderRequest;
  destroyed: boolean;
  readable: boolean;
  /** There was input. */
  touch(): void;
}

/** Feeds STDIN to a message, as the parser of node:http feeds what comes by a socket. */
export class ListenerInput {
  readonly #socket: InputSocket;
  readonly message: IncomingMessage;
  #reader: InputReader | undefined;
  #isReading = false;

  constructor(socket: InputSocket, message: IncomingMessage) {
    this.#socket = socket;
    this.message = message;
  }

  /** Somebody reads the message. */
  resume(): void {
    if (this.#isReading || this.message.complete) return;
    this.#isReading = true;
    void this.#pump();
  }

  /**
   * Takes what has arrived, and what arrives from now on, as far as it may wait in the message: so `complete` tells that
   * all has come although nobody reads, and it can be read when the client has left. Nothing is waited for: no time limit
   * runs for a body that nobody wants.
   */
  readAhead(): void {
    const { exchange } = this.#socket.request;
    if (exchange.ended || exchange.aborted !== undefined) return;
    exchange.stdin.arrived = this.#arrived;
    this.#arrived();
  }

  /** The request is over: says whether all of it had come, also where that was never looked at. */
  settle(): void {
    if (!hasBody(this.#socket.request)) this.message.complete = true;
    else this.#arrived();
  }

  readonly #arrived = (): void => {
    const { message } = this;
    const { stdin } = this.#socket.request.exchange;
    if (this.#isReading || message.complete || message.destroyed) return;
    const reader = this.#open();
    while (stdin.buffered > 0 && message.readableLength < message.readableHighWaterMark) {
      // Who reads is told by the error of a body that is too long.
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
        if (!isDumped(message) && !this.#push(piece)) break;
      }
      this.#isReading = false;
    } catch (error) {
      if (isDumped(message)) {
        this.#finish();
        return;
      }
      // To on-finished this is an end as well, and Express waits with its error page for one: the socket goes on here.
      message.once("close", () => message.emit("finish"));
      breakOff(message, error as Error);
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

/** Ends a message whose body cannot be read any further; what was not answered still can be. */
export function breakOff(message: IncomingMessage, error?: Error): void {
  const socket = message.socket as unknown as InputSocket;
  const { destroyed } = socket;
  // Libraries look here whether more is to come.
  socket.readable = false;
  // Else the message would destroy it.
  socket.destroyed = true;
  message.destroy(error);
  socket.destroyed = destroyed;
}

/** Whether node:http has given up on a reader. */
function isDumped(message: IncomingMessage): boolean {
  return (message as { _dumped?: boolean })._dumped === true;
}
