import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { listenError, type ListenAddress } from "./listen-error.js";

/** How a request has arrived. */
export interface Arrival {
  /** Whether the client waits for "100 Continue" before it sends its body. */
  readonly awaitsContinue: boolean;
}

/** Answers a request. */
export type Take = (request: IncomingMessage, response: ServerResponse, arrival: Arrival) => void;

/** The HTTP side of a gateway: an address and its connections. */
export class HttpListener {
  readonly #server: Server;
  #closing: Promise<void> | undefined;

  constructor(take: Take) {
    this.#server = createServer();
    // Undocumented in Node.js: a FIN does not end the connection while a request on it has no response.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    const takeWith =
      (arrival: Arrival) =>
      (request: IncomingMessage, response: ServerResponse): void => {
        response.once("close", () => {
          // A kept connection would delay the close until it times out.
          if (this.#closing !== undefined) setImmediate(() => this.#server.closeIdleConnections());
        });
        take(request, response, arrival);
      };
    this.#server.on("request", takeWith({ awaitsContinue: false }));
    this.#server.on("checkContinue", takeWith({ awaitsContinue: true }));
  }

  /**
   * Starts to listen, and returns the URL without a trailing slash: `http://127.0.0.1:8080`.
   *
   * @throws ConfigurationError `ERR_GATEWAY_LISTEN` if the address cannot be used
   */
  async listen({ host, port }: ListenAddress): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: unknown): void => reject(listenError({ host, port }, cause));
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        resolve();
      });
    });
    return urlOf(this.#server.address() as AddressInfo);
  }

  /** Stops listening, and waits for active requests up to `limit` ms; then their connections are destroyed. */
  close(limit: number): Promise<void> {
    this.#closing ??= this.#close(limit);
    return this.#closing;
  }

  async #close(limit: number): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = setTimeout(() => this.#server.closeAllConnections(), limit);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (address === "::") return `http://[::1]:${port}`;
  return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
