import {
  HEADER_LENGTH,
  MAX_ALIGNED_CONTENT_LENGTH,
  MAX_CONTENT_LENGTH,
  RecordType,
  type ProtocolStatus,
} from "./constants.js";
import { paddingFor, writeHeader } from "./record.js";

/** Small output is copied into slabs of this size, shared by all writers of the process. */
const SLAB_SIZE = 64 * 1024;
/** Content up to this size is copied after its header; larger content is queued as it is, which costs less. */
const COPY_LIMIT = 16 * 1024;
/** Bytes of the records that close an answer: the end of STDOUT, and END_REQUEST with its body. */
const END_LENGTH = HEADER_LENGTH + 2 * HEADER_LENGTH;

/** The slab that is being filled. Its bytes are used once, from start to end. */
let slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
let slabUsed = 0;

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

/**
 * Queues records for one connection until they are taken, so that answers that are ready together leave in one write.
 * Small records share one buffer; large content is queued as a view. Padding brings each record to a multiple of
 * eight and is zeroed (section 3.3).
 */
export class RecordWriter {
  #ready: Uint8Array[] = [];
  /** The part of `#slab` that this writer has filled but not queued. */
  #slab = slab;
  #start = 0;
  #end = 0;
  /** Bytes that are queued. */
  length = 0;

  /** Queues a piece of a stream, cut into records of at most 65,528 bytes. Text is UTF-8. Empty content queues nothing. */
  stream(type: number, requestId: number, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let start = 0; start < bytes.length; start += MAX_ALIGNED_CONTENT_LENGTH) {
      this.record(type, requestId, bytes.subarray(start, start + MAX_ALIGNED_CONTENT_LENGTH));
    }
  }

  /** Queues one record; the content must fit into it, or a RangeError is thrown. Empty content ends a stream. */
  record(type: number, requestId: number, content: Uint8Array): void {
    const contentLength = content.length;
    // A length cut to 16 bits would turn content into records.
    if (contentLength > MAX_CONTENT_LENGTH) {
      throw new RangeError(
        `Cannot write record: content is ${contentLength} bytes, at most ${MAX_CONTENT_LENGTH} fit`,
      );
    }
    const paddingLength = paddingFor(contentLength);
    const copied = contentLength <= COPY_LIMIT;
    let at = this.#reserve(HEADER_LENGTH + paddingLength + (copied ? contentLength : 0));
    at = writeHeader(this.#slab, at, { type, requestId, contentLength, paddingLength });
    if (copied) {
      this.#slab.set(content, at);
      at += contentLength;
      this.#pad(at, paddingLength);
    } else {
      // The padding was reserved right after the header; the content goes between the two.
      const end = this.#end;
      this.#end = at;
      this.#queueSlab();
      this.#ready.push(content);
      this.length += contentLength;
      this.#start = at;
      this.#end = end;
      this.#pad(at, paddingLength);
    }
  }

  /** Queues a whole answer: header block and body on STDOUT, the end of STDOUT, END_REQUEST (sections 5.5 and 6.2). */
  answer({ requestId, head, body, bodyLength, applicationStatus }: WholeAnswer): void {
    if (typeof body !== "string" && body.length !== bodyLength) {
      throw new RangeError(`Cannot answer: the body has ${body.length} bytes, not ${bodyLength}`);
    }
    const contentLength = head.length + bodyLength;
    if (contentLength > COPY_LIMIT) {
      // A header block in a record of its own: no server has to join it (OpenBSD httpd cannot).
      this.stream(RecordType.Stdout, requestId, Buffer.from(head, "latin1"));
      this.stream(RecordType.Stdout, requestId, body);
      this.end(requestId, applicationStatus, 0);
      return;
    }
    const paddingLength = paddingFor(contentLength);
    let at = this.#reserve(HEADER_LENGTH + contentLength + paddingLength + END_LENGTH);
    const target = this.#slab;
    at = writeHeader(target, at, { type: RecordType.Stdout, requestId, contentLength, paddingLength });
    if (typeof body === "string" && body.length === bodyLength) {
      // Nothing beyond ASCII, so one call writes both.
      target.write(head + body, at, contentLength, "latin1");
    } else {
      target.write(head, at, head.length, "latin1");
      this.#writeBody(at + head.length, body, bodyLength);
    }
    at += contentLength;
    this.#pad(at, paddingLength);
    this.#writeEnd(at + paddingLength, { requestId, applicationStatus, protocolStatus: 0 });
  }

  /** Queues the end of STDOUT and END_REQUEST. */
  end(requestId: number, applicationStatus: number, protocolStatus: ProtocolStatus): void {
    const at = this.#reserve(END_LENGTH);
    this.#writeEnd(at, { requestId, applicationStatus, protocolStatus });
  }

  /** Takes everything that is queued, in order. */
  take(): Uint8Array[] {
    this.#queueSlab();
    this.length = 0;
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #writeBody(at: number, body: string | Uint8Array, length: number): void {
    const target = this.#slab;
    if (typeof body !== "string") {
      target.set(body, at);
      return;
    }
    const written = target.write(body, at, length, "utf8");
    // A wrong length must not send what the slab held before.
    if (written < length) target.fill(0, at + written, at + length);
  }

  #writeEnd(
    offset: number,
    end: { requestId: number; applicationStatus: number; protocolStatus: number },
  ): void {
    const { requestId, applicationStatus, protocolStatus } = end;
    const target = this.#slab;
    let at = writeHeader(target, offset, {
      type: RecordType.Stdout,
      requestId,
      contentLength: 0,
      paddingLength: 0,
    });
    at = writeHeader(target, at, {
      type: RecordType.EndRequest,
      requestId,
      contentLength: 8,
      paddingLength: 0,
    });
    at = target.writeUInt32BE(applicationStatus >>> 0, at);
    target[at] = protocolStatus;
    this.#pad(at + 1, 3);
  }

  #pad(offset: number, length: number): void {
    for (let at = offset; at < offset + length; at += 1) this.#slab[at] = 0;
  }

  /** Makes room for `length` bytes in the slab and returns where they start. */
  #reserve(length: number): number {
    if (slabUsed + length > SLAB_SIZE) {
      slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
      slabUsed = 0;
    }
    if (this.#slab !== slab || this.#end !== slabUsed) {
      this.#queueSlab();
      this.#slab = slab;
      this.#start = slabUsed;
      this.#end = slabUsed;
    }
    const at = this.#end;
    this.#end += length;
    slabUsed = this.#end;
    this.length += length;
    return at;
  }

  #queueSlab(): void {
    if (this.#end > this.#start) this.#ready.push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
