import { RecordType } from "./constants.js";
import type { EndRequestBody } from "./bodies.js";
import type { RecordWriter } from "./record-writer.js";

/** Receives the answer to one request. The pieces are never empty and are views: keeping one keeps its chunk. */
export interface AnswerSink {
  /** A piece of STDOUT. */
  stdout(piece: Buffer): void;
  /** A piece of STDERR. */
  stderr(piece: Buffer): void;
  /** END_REQUEST came: nothing follows. */
  ended(end: EndRequestBody): void;
}

/** The streams that a Web server sends after PARAMS. */
export type InputType = typeof RecordType.Stdin | typeof RecordType.Data;

/** What an outgoing request needs of its connection. */
export interface OutgoingRequestHost {
  readonly output: RecordWriter;
  outputQueued(): void;
}

/** One request as the Web server's side sends it: its input streams and its abort. */
export class OutgoingRequest {
  readonly #host: OutgoingRequestHost;
  readonly #open: Set<InputType>;
  readonly sink: AnswerSink;
  /** The request id on its connection, 1 to 65,535. */
  readonly id: number;
  /** Whether ABORT_REQUEST was sent. */
  aborted = false;
  /** Whether END_REQUEST has come. */
  ended = false;
  /** Whether the application has closed STDOUT or STDERR. */
  stdoutEnded = false;
  stderrEnded = false;

  constructor(
    host: OutgoingRequestHost,
    id: number,
    { inputs, sink }: { readonly inputs: Iterable<InputType>; readonly sink: AnswerSink },
  ) {
    this.#host = host;
    this.id = id;
    this.#open = new Set(inputs);
    this.sink = sink;
  }

  /**
   * Sends a piece of STDIN or DATA; the bytes must not change until they are sent. After END_REQUEST or an abort it
   * is dropped: an application need not wait for its input.
   *
   * @throws TypeError if the stream was closed or does not belong to the request
   */
  write(type: InputType, content: Uint8Array): void {
    if (this.ended || this.aborted) return;
    this.#requireOpen(type);
    this.#host.output.stream(type, this.id, content);
    this.#host.outputQueued();
  }

  /** Closes STDIN or DATA (section 3.3). Closing twice is a TypeError, closing after END_REQUEST does nothing. */
  close(type: InputType): void {
    if (this.ended || this.aborted) return;
    this.#requireOpen(type);
    this.#closeStream(type);
    this.#host.outputQueued();
  }

  /** Asks the application to end the request soon (section 5.4). The id stays taken until END_REQUEST. */
  abort(): void {
    if (this.ended || this.aborted) return;
    this.aborted = true;
    this.#host.output.record(RecordType.AbortRequest, this.id, new Uint8Array(0));
    this.#host.outputQueued();
  }

  /**
   * Receives END_REQUEST. Streams that are still open are closed now, so that an application that drains them on a kept
   * connection knows where they end, and so that the id can be used again.
   */
  finish(): void {
    this.ended = true;
    if (this.#open.size === 0) return;
    for (const type of this.#open) this.#closeStream(type);
    this.#host.outputQueued();
  }

  #closeStream(type: InputType): void {
    this.#open.delete(type);
    this.#host.output.record(type, this.id, new Uint8Array(0));
  }

  #requireOpen(type: InputType): void {
    if (!this.#open.has(type)) {
      const name = type === RecordType.Stdin ? "STDIN" : "DATA";
      throw new TypeError(`Cannot write ${name}: the stream is closed for id ${this.id}`);
    }
  }
}
