import type { EndRequestBody } from "../protocol/bodies.js";
import { ByteCollector } from "../protocol/byte-collector.js";
import { InputStream } from "../protocol/application-side/input-stream.js";
import { ClientError } from "./client-error.js";
import type { AnswerSource } from "./client-response.js";

/** What an answer reports to its exchange. */
export interface AnswerHost {
  /** Bytes of the body were read or dropped. */
  consumed(): void;
  /** The reader of the body has gone. */
  cancelled(reason: unknown): void;
}

/** What has come of an answer: its body until it is read, its STDERR, and how it ended. It is settled once. */
export class Answer implements AnswerSource {
  readonly #host: AnswerHost;
  readonly #stderrBytes: number;
  readonly #errors = new ByteCollector();
  #settleStderr!: (text: string) => void;
  #resolveEnded!: (end: EndRequestBody) => void;
  #rejectEnded!: (reason: unknown) => void;
  readonly body: InputStream;
  readonly stderr: Promise<string>;
  readonly ended: Promise<EndRequestBody>;

  constructor(host: AnswerHost, { stderrBytes }: { readonly stderrBytes: number }) {
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
    // Nobody has to look at it.
    this.ended.catch(ignore);
  }

  cancel(reason: unknown): void {
    this.#host.cancelled(
      reason ??
        new ClientError("ERR_CLIENT_CLOSED", "Cannot read answer: its reader cancelled it", {
          fault: "local",
        }),
    );
    this.body.discard();
  }

  /** Keeps a piece of STDERR as far as there is room. */
  warn(piece: Buffer): void {
    const room = this.#stderrBytes - this.#errors.length;
    if (room > 0) this.#errors.push(piece.subarray(0, room));
  }

  /** Takes the text of STDERR out; the promise gets it too. */
  settleStderr(): string {
    const text = this.#errors.take().toString();
    this.#settleStderr(text);
    return text;
  }

  /** END_REQUEST has come: what is buffered can still be read. */
  complete(end: EndRequestBody): void {
    this.settleStderr();
    this.body.end();
    this.#resolveEnded(end);
  }

  /** The answer is lost: what is buffered is dropped. */
  fail(reason: unknown): void {
    this.settleStderr();
    this.body.fail(reason);
    this.#rejectEnded(reason);
  }
}

function ignore(): void {}
