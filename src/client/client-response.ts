import type { EndRequestBody } from "../protocol/bodies.js";
import type { InputStream } from "../protocol/application-side/input-stream.js";
import { ClientError } from "./client-error.js";
import type { ResponseHeaders } from "./response-headers.js";

/** What an answer needs of the exchange that it comes from. */
export interface AnswerSource {
  /** STDOUT behind the header block. */
  readonly body: InputStream;
  readonly stderr: Promise<string>;
  readonly ended: Promise<EndRequestBody>;
  /** Nobody reads the rest of the answer. */
  cancel(reason: unknown): void;
}

/** How to collect an answer in memory. */
export interface CollectOptions {
  /** The most bytes that are accepted; 64 MiB where nothing else is said. */
  readonly limit?: number | undefined;
}

const COLLECT_LIMIT = 64 * 1024 * 1024;

/**
 * The answer to one request, there as soon as its header block is. Its body has to be read, collected or cancelled:
 * otherwise, above a bounded buffer, it holds up its connection.
 */
export class ClientResponse {
  readonly #source: AnswerSource;
  #body: ReadableStream<Uint8Array> | undefined;
  #collected = false;
  /** From `Status`; without it 302 if there is a `Location`, else 200. 0 for a raw answer. */
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly statusText: string;
  /** All header fields but `Status`. */
  readonly headers: ResponseHeaders;

  constructor(
    source: AnswerSource,
    head: { readonly status: number; readonly statusText: string; readonly headers: ResponseHeaders },
  ) {
    this.#source = source;
    this.status = head.status;
    this.statusText = head.statusText;
    this.headers = head.headers;
  }

  /**
   * The body as it comes, read from the connection no faster than it is read here. Fails with a {@link ClientError}
   * when the answer breaks off, or with the signal's reason. Cancelling it aborts the request.
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
   * @throws ClientError when the answer breaks off, or `ERR_CLIENT_LIMIT` when it is too long
   */
  async bytes({ limit = COLLECT_LIMIT }: CollectOptions = {}): Promise<Buffer> {
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

  /** What came on STDERR, bounded, once the request has ended in whatever way. Never rejects. */
  get stderr(): Promise<string> {
    return this.#source.stderr;
  }

  /** What END_REQUEST said; rejects with the error of the body when the answer breaks off. */
  get ended(): Promise<EndRequestBody> {
    return this.#source.ended;
  }
}
