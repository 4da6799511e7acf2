import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { ExchangeObserver } from "./gateway-observer.js";
import { watchHalfClosed } from "./half-closed.js";
import type { RequestPath } from "./request-path.js";
import type { ResponseEditor } from "./response-editor.js";
import { watchStalledUpload } from "./stalled-upload.js";

/** Options of {@link HttpExchange}. */
export interface HttpExchangeStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: RequestPath;
  /** Whether the client waits for "100 Continue" before it sends its body. */
  readonly awaitsContinue: boolean;
  readonly observer: ExchangeObserver | undefined;
  readonly editor?: ResponseEditor | undefined;
}

/** One HTTP request through the gateway, and its response. */
export class HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: RequestPath;
  readonly observer: ExchangeObserver | undefined;
  /** Changes what is sent; undefined to send it as it is. */
  readonly editor: ResponseEditor | undefined;
  readonly #controller = new AbortController();
  #awaitsContinue: boolean;

  constructor({ request, response, path, awaitsContinue, observer, editor }: HttpExchangeStart) {
    this.request = request;
    this.response = response;
    this.path = path;
    this.observer = observer;
    this.editor = editor;
    this.#awaitsContinue = awaitsContinue;
    response.once("close", () => {
      if (!response.writableFinished)
        this.#controller.abort(new Error("The HTTP client has closed its connection"));
    });
    watchHalfClosed(response, request.socket);
    watchStalledUpload(request, response);
  }

  /** REQUEST_METHOD. */
  get method(): string {
    return this.request.method ?? "GET";
  }

  /** Aborts when the client closes the connection, or the exchange is abandoned. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * The request body as a stream for one reader; undefined without a body. A client that waits for "100 Continue" gets it when
   * the first piece is read; otherwise node:http closes the connection. A reader may stop early.
   */
  body(): AsyncIterable<Uint8Array> | undefined {
    const { headers } = this.request;
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    return hasBody ? this.#pieces() : undefined;
  }

  /** Writes a piece of the response body, with back-pressure. Throws if the client has closed the connection. */
  async write(piece: Uint8Array): Promise<void> {
    this.signal.throwIfAborted();
    if (this.response.write(piece)) return;
    await once(this.response, "drain", { signal: this.signal });
  }

  /** Aborts the signal. If a response has begun, the client sees that it is incomplete. */
  abandon(reason: unknown): void {
    this.#controller.abort(reason);
    const { response } = this;
    if (!response.headersSent || response.writableFinished) return;
    // A body without a length ends with the connection; only a reset shows that it is incomplete.
    if (response.chunkedEncoding || response.hasHeader("Content-Length")) response.destroy();
    else response.socket?.resetAndDestroy();
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    const { request, response } = this;
    if (this.#awaitsContinue && !response.headersSent) {
      this.#awaitsContinue = false;
      response.writeContinue();
    }
    // The default iterator would destroy the socket, and the response with it, if its reader stops early.
    try {
      for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Uint8Array;
    } finally {
      // The response may begin before the body was read, and many clients send the whole body before they read a response.
      request.resume();
    }
  }
}
