import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { EndRequestBody } from "../protocol/bodies.js";
import type { InputStream } from "../protocol/input-stream.js";
import { ClientError } from "./client-error.js";
import type { ResponseHeaders } from "./response-headers.js";

/** The streams behind a response. */
export interface ResponseSource {
  /** STDOUT after the header block. */
  readonly body: InputStream;
  readonly stderr: Promise<string>;
  readonly ended: Promise<EndRequestBody>;
  /** Discards the rest of the response. */
  cancel(reason: unknown): void;
}

/** Options for collecting a body in memory. */
export interface CollectOptions {
  /** The maximum number of bytes. Default: 64 MiB. */
  readonly limit?: number | undefined;
}

const COLLECT_LIMIT = 64 * 1024 * 1024;

/**
 * The response to one request, available once its header block has arrived. Read, collect or cancel its body: an unread body
 * stops its connection when the buffer is full.
 */
export class ClientResponse {
  readonly #source: ResponseSource;
  #body: ReadableStream<Uint8Array> | undefined;
  #collected = false;
  /** From `Status`; without that field, 302 if there is a `Location`, else 200. 0 for a raw response. */
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly statusText: string;
  /** All header fields except `Status`. */
  readonly headers: ResponseHeaders;

  constructor(
    source: ResponseSource,
    head: { readonly status: number; readonly statusText: string; readonly headers: ResponseHeaders },
  ) {
    this.#source = source;
    this.status = head.status;
    this.statusText = head.statusText;
    this.headers = head.headers;
  }

  /**
   * The body as a stream with back-pressure. It fails with a {@link ClientError} if the response is incomplete, or with the
   * signal's reason. Cancelling it aborts the request.
   */
  get body(): ReadableStream<Uint8Array> {
    if (this.#body === undefined) {
      const { body } = this.#source;
      if (this.#collected) throw new TypeError("Cannot stream body: it was collected already");
      this.#body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const piece = await body.read();
            if (piece === undefined) controller.close();
            else controller.enqueue(piece);
          },
          cancel: (reason) => this.#source.cancel(reason),
        },
        { highWaterMark: 0 },
      );
    }
    return this.#body;
  }

  /**
   * The whole body.
   *
   * @throws ClientError if the response is incomplete; `ERR_CLIENT_LIMIT` if it exceeds the limit
   */
  async bytes(options: CollectOptions = {}): Promise<Buffer> {
    refuseUnknownOptions("ClientResponse.bytes", options);
    const { limit = COLLECT_LIMIT } = options;
    if (this.#collected || this.#body !== undefined) {
      throw new TypeError("Cannot collect body: it is being read already");
    }
    this.#collected = true;
    const { body } = this.#source;
    const pieces: Buffer[] = [];
    let length = 0;
    for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
      length += piece.length;
      if (length > limit) {
        const error = new ClientError(
          "ERR_CLIENT_LIMIT",
          `Cannot collect body: it is longer than ${limit} bytes`,
        );
        this.#source.cancel(error);
        throw error;
      }
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length);
  }

  /** The whole body as text in UTF-8; see {@link bytes}. */
  async text(options?: CollectOptions): Promise<string> {
    return (await this.bytes(options)).toString();
  }

  /** STDERR up to `stderrBytes`, when the request has ended. Never rejects. */
  get stderr(): Promise<string> {
    return this.#source.stderr;
  }

  /** The END_REQUEST record; rejects with the error of the body if the response is incomplete. */
  get ended(): Promise<EndRequestBody> {
    return this.#source.ended;
  }
}
