import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";

import { contentLengthOf } from "../roles/content-length.js";
import { InputReader } from "../roles/input-reader.js";
import type { ResponderRequest } from "../roles/responder-request.js";

/** What the socket of a response would tell of its buffer; nobody corks this one. */
const writableState = { corked: 1 };

/**
 * What a listener finds as the socket of its request: who is at the other end, and whether the request still stands. There
 * is no connection behind it that belongs to the request alone, so what is said about one has no effect, and nothing can
 * be written. It feeds the body to the request, as the parser of node:http does.
 */
export class ListenerSocket extends EventEmitter {
  /** The request as Tricorn knows it. */
  readonly request: ResponderRequest;
  readonly #destroyed: (error: Error | undefined) => void;
  #message: IncomingMessage | undefined;
  #input: InputReader | undefined;
  #isReading = false;
  destroyed = false;
  readable = true;
  writable = true;
  readonly readableHighWaterMark = 64 * 1024;
  readonly writableHighWaterMark = 64 * 1024;
  readonly writableLength = 0;
  readonly writableCorked = 1;
  readonly _writableState = writableState;

  constructor(request: ResponderRequest, destroyed: (error: Error | undefined) => void) {
    super();
    this.request = request;
    this.#destroyed = destroyed;
  }

  /** The message that the body is fed to. */
  feed(message: IncomingMessage): void {
    this.#message = message;
  }

  get remoteAddress(): string | undefined {
    return this.request.remoteAddress;
  }

  get remotePort(): number | undefined {
    return portOf(this.request.params.get("REMOTE_PORT"));
  }

  get remoteFamily(): string | undefined {
    const address = this.remoteAddress;
    return address === undefined ? undefined : address.includes(":") ? "IPv6" : "IPv4";
  }

  get localAddress(): string | undefined {
    return this.request.params.get("SERVER_ADDR");
  }

  get localPort(): number | undefined {
    return portOf(this.request.params.get("SERVER_PORT"));
  }

  /** Whether the client speaks to the Web server by TLS, as that tells. */
  get encrypted(): boolean {
    return this.request.scheme === "https";
  }

  /** For stream.finished(): it is over as soon as it is destroyed. */
  get closed(): boolean {
    return this.destroyed;
  }

  address(): { address?: string | undefined; port?: number | undefined } {
    return { address: this.localAddress, port: this.localPort };
  }

  /** Gives up the request: what was not answered fails. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.end();
    this.#destroyed(error);
    return this;
  }

  /** The request is over. */
  end(): this {
    if (this.destroyed) return this;
    // It stays readable: what nobody read of the body is still taken out of the way.
    this.destroyed = true;
    this.writable = false;
    this.emit("close");
    return this;
  }

  /** Asked for by the message when somebody reads it. */
  resume(): this {
    if (!this.#isReading && this.#message?.complete === false) {
      this.#isReading = true;
      void this.#pump(this.#message);
    }
    return this;
  }

  pause(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}

  write(): boolean {
    throw new TypeError("Cannot write to the socket of a request: it has none of its own behind FastCGI");
  }

  setTimeout(): this {
    return this;
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

  async #pump(message: IncomingMessage): Promise<void> {
    const { exchange, params } = this.request;
    const input = (this.#input ??= new InputReader(exchange.stdin, {
      name: "body",
      length: contentLengthOf(params),
    }));
    try {
      for (;;) {
        const piece = await input.next();
        if (message.destroyed) return;
        if (piece === undefined) {
          message.complete = true;
          message.push(null);
          return;
        }
        if (!isDumped(message) && !message.push(piece)) break;
      }
      this.#isReading = false;
    } catch (error) {
      if (isDumped(message)) {
        message.complete = true;
        message.push(null);
      } else breakOff(message, error as Error);
    }
  }
}

/** Ends a message whose body cannot be read any further; what was not answered still can be. */
export function breakOff(message: IncomingMessage, error?: Error): void {
  const socket = message.socket as unknown as { destroyed: boolean; readable: boolean };
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

function portOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
