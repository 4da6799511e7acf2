import type { ProtocolStatus } from "./constants.js";
import type { Segment } from "./segment.js";

/** A whole answer on STDOUT, written at once. */
export interface WholeAnswer {
  readonly requestId: number;
  /** The CGI header block with its blank line; written as latin-1. */
  readonly head: string;
  /** The body; text is written as UTF-8. */
  readonly body: string | Uint8Array;
  /** Bytes of the body. */
  readonly bodyLength: number;
  readonly applicationStatus: number;
}

/** Queues what an application sends on one connection, until it is taken and written. */
export interface AnswerWriter {
  /** Bytes that are queued. */
  readonly length: number;
  /** Bytes that were taken last. */
  readonly takenLength: number;
  /** Queues one record. */
  record(type: number, requestId: number, content: Uint8Array): void;
  /** Queues a piece of a stream; text as UTF-8. Bytes are not copied: they must not change until they are sent. */
  stream(type: number, requestId: number, content: string | Uint8Array): void;
  /** Queues text of a stream as UTF-8. */
  text(type: number, requestId: number, text: string): void;
  /** Queues the bytes of a segment of a stream, and owns the segment. */
  segment(type: number, requestId: number, segment: Segment): void;
  /** Queues a whole answer with its end. */
  answer(answer: WholeAnswer): void;
  /** Queues the end of an answer. */
  end(requestId: number, applicationStatus: number, protocolStatus: ProtocolStatus): void;
  /** Takes everything that is queued, in order. */
  take(): Uint8Array[];
  /** Takes the segments of what was taken last, to be released when that has been sent; undefined if there are none. */
  takeSegments(): Segment[] | undefined;
  /** What was taken last has been sent: its memory may be used again. */
  sent(): void;
  /** Drops everything that is queued. */
  clear(): void;
}
