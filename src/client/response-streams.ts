import type { EndRequestBody } from "../protocol/bodies.js";
import { ByteCollector } from "../protocol/byte-collector.js";
import { InputStream } from "../protocol/input-stream.js";
import { ClientError } from "./client-error.js";
import type { ResponseSource } from "./client-response.js";

/** What the streams of a response report to their exchange. */
export interface ResponseStreamsHost {
  /** Bytes of the body were read or dropped. */
  consumed(): void;
  /** The reader cancelled the body. */
  cancelled(reason: unknown): void;
}

/** What has arrived of a response: its unread body, its STDERR, and its END_REQUEST. It is settled once. */
export class ResponseStreams implements ResponseSource {
  readonly #host: ResponseStreamsHost;
  readonly #stderrBytes: number;
  readonly #errors = new ByteCollector();
  #settleStderr!: (text: string) => void;
  #resolveEnded!: (end: EndRequestBody) => void;
  #rejectEnded!: (reason: unknown) => void;
  readonly body: InputStream;
  readonly stderr: Promise<string>;
  readonly ended: Promise<EndRequestBody>;

  constructor(host: ResponseStreamsHost, { stderrBytes }: { readonly stderrBytes: number }) {
    this.#host = host;
    this.#stderrBytes = stderrBytes;
    this.body = new InputStream(() => host.consumed());
    this.stderr = new Promise((resolve) => {
      this.#settleStderr = resolve;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
    // Reading it is optional: a rejection must not be unhandled.
    this.ended.catch(ignore);
  }

  cancel(reason: unknown): void {
    this.#host.cancelled(
      reason ??
        new ClientError("ERR_CLIENT_CLOSED", "Cannot read response: its reader cancelled it", {
          fault: "local",
        }),
    );
    this.body.discard();
  }

  /** Keeps a piece of STDERR, up to the limit. */
  warn(piece: Buffer): void {
    const room = this.#stderrBytes - this.#errors.length;
    if (room > 0) this.#errors.push(piece.subarray(0, room));
  }

  /** Returns the text of STDERR, and resolves its promise. */
  settleStderr(): string {
    const text = this.#errors.take().toString();
    this.#settleStderr(text);
    return text;
  }

  /** END_REQUEST has arrived: buffered bytes can still be read. */
  complete(end: EndRequestBody): void {
    this.settleStderr();
    this.body.end();
    this.#resolveEnded(end);
  }

  /** The response is lost: buffered bytes are discarded. */
  fail(reason: unknown): void {
    this.settleStderr();
    this.body.fail(reason);
    this.#rejectEnded(reason);
  }
}

function ignore(): void {}
