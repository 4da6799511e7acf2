import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

import { watchHalfClosed } from "./half-closed.js";
import type { RequestPath } from "./request-path.js";
import { watchStandingUpload } from "./standing-upload.js";

/** What an {@link HttpExchange} is made with. */
export interface HttpExchangeStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: RequestPath;
  /** Whether the client waits for "100 Continue" before it sends its body. */
  readonly awaitsContinue: boolean;
}

/** One HTTP request on its way through the gateway, and its response. */
export class HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: RequestPath;
  readonly #controller = new AbortController();
  #awaitsContinue: boolean;

  constructor({ request, response, path, awaitsContinue }: HttpExchangeStart) {
    this.request = request;
    this.response = response;
    this.path = path;
    this.#awaitsContinue = awaitsContinue;
    response.once("close", () => {
      if (!response.writableFinished)
        this.#controller.abort(new Error("The HTTP client has closed its connection"));
    });
    watchHalfClosed(response, request.socket);
    watchStandingUpload(request, response);
  }

  /** REQUEST_METHOD. */
  get method(): string {
    return this.request.method ?? "GET";
  }

  /** Aborts when nobody waits for the response any more: the client has gone, or the exchange was abandoned. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * The request body as it comes, for one reader; undefined without a body. A client that waits for "100 Continue"
   * gets it when the first piece is asked for; where that never happens, node:http ends the connection. Whoever stops early leaves the connection as it is.
   */
  body(): AsyncIterable<Uint8Array> | undefined {
    const { headers } = this.request;
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    return hasBody ? this.#pieces() : undefined;
  }

  /** Writes a piece of the response body and waits while the client takes no more. Throws when it has gone. */
  async write(piece: Uint8Array): Promise<void> {
    this.signal.throwIfAborted();
    if (this.response.write(piece)) return;
    await once(this.response, "drain", { signal: this.signal });
  }

  /** Gives up: whatever still works for this exchange stops, and a response that has begun breaks off visibly. */
  abandon(reason: unknown): void {
    this.#controller.abort(reason);
    const { response } = this;
    if (!response.headersSent || response.writableFinished) return;
    // The end of a body without length is the end of the connection; only a reset tells it from a break.
    if (response.chunkedEncoding || response.hasHeader("Content-Length")) response.destroy();
    else response.socket?.resetAndDestroy();
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    const { request, response } = this;
    if (this.#awaitsContinue && !response.headersSent) {
      this.#awaitsContinue = false;
      response.writeContinue();
    }
    // The plain iterator would destroy the socket, and the answer with it, when its reader stops early.
    try {
      for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Uint8Array;
    } finally {
      // The answer is there before the body was read. Many clients send all of it before they look at the answer.
      request.resume();
    }
  }
}
