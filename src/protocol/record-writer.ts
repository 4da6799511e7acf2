import type { AnswerWriter, WholeAnswer } from "./answer-writer.js";
import {
  HEADER_LENGTH,
  MAX_ALIGNED_CONTENT_LENGTH,
  MAX_CONTENT_LENGTH,
  RecordType,
  type ProtocolStatus,
} from "./constants.js";
import { paddingFor, writeHeader } from "./record.js";
import type { Segment } from "./segment.js";
import { slabFor } from "./slab.js";

/** Content up to this size is copied after its header; larger content is queued as it is, which costs less. */
const COPY_LIMIT = 16 * 1024;
/** Text of a stream is joined up to this many characters, so that not every line is a record. */
const JOINED_CHARACTERS = 16 * 1024;
/** Bytes of the records that close an answer: the end of STDOUT, and END_REQUEST with its body. */
const END_LENGTH = HEADER_LENGTH + 2 * HEADER_LENGTH;

/**
 * Queues records for one connection until they are taken, so that answers that are ready together leave in one write.
 * Small records share one buffer; large content is queued as a view. Padding brings each record to a multiple of
 * eight and is zeroed (section 3.3).
 */
export class RecordWriter implements AnswerWriter {
  #ready: Uint8Array[] = [];
  /** Text of a stream that is not encoded yet; "" if there is none. */
  #text = "";
  #textType = 0;
  #textId = 0;
  /** Segments whose bytes are queued. */
  #segments: Segment[] | undefined;
  /** The part of the slab that this writer has filled but not queued. */
  #slab = slabFor(0);
  #memory = this.#slab.memory;
  #start = 0;
  #end = 0;
  /** Bytes of the slab that were reserved since the last {@link take}, and before it. */
  #reserved = 0;
  #taken = 0;
  /** Bytes that are queued; of text that is not encoded yet, its characters. */
  length = 0;
  /** Bytes that were taken last. */
  takenLength = 0;

  /** Queues a piece of a stream, cut into records of at most 65,528 bytes. Text is UTF-8. Empty content queues nothing. */
  stream(type: number, requestId: number, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let start = 0; start < bytes.length; start += MAX_ALIGNED_CONTENT_LENGTH) {
      this.record(type, requestId, bytes.subarray(start, start + MAX_ALIGNED_CONTENT_LENGTH));
    }
  }

  /** Queues text of a stream as UTF-8, in one record with the text that follows at once. */
  text(type: number, requestId: number, text: string): void {
    if (this.#text !== "" && (type !== this.#textType || requestId !== this.#textId)) this.#endText();
    this.#text += text;
    this.#textType = type;
    this.#textId = requestId;
    this.length += text.length;
    // Half a character at the end is sent as it would be alone.
    const last = text.charCodeAt(text.length - 1);
    if (this.#text.length >= JOINED_CHARACTERS || (last & 0xfc00) === 0xd800) this.#endText();
  }

  /** Encodes the text that is held. */
  #endText(): void {
    const text = this.#text;
    this.#text = "";
    this.length -= text.length;
    this.stream(this.#textType, this.#textId, text);
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
    at = writeHeader(this.#memory, at, { type, requestId, contentLength, paddingLength });
    if (copied) {
      this.#memory.set(content, at);
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
    const target = this.#memory;
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

  /** Queues the bytes of a segment as {@link stream} does, and owns the segment. */
  segment(type: number, requestId: number, segment: Segment): void {
    this.stream(type, requestId, segment.bytes);
    if (segment.length <= COPY_LIMIT) segment.release();
    else (this.#segments ??= []).push(segment);
  }

  /** Takes everything that is queued, in order. */
  take(): Uint8Array[] {
    if (this.#text !== "") this.#endText();
    this.#queueSlab();
    this.takenLength = this.length;
    this.length = 0;
    this.#taken = this.#reserved;
    this.#reserved = 0;
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Takes the segments of what was taken last, to be released when that has been sent; undefined if there are none. */
  takeSegments(): Segment[] | undefined {
    const segments = this.#segments;
    this.#segments = undefined;
    return segments;
  }

  /** What was taken last has been sent: its memory may be used again. */
  sent(): void {
    const filled = this.#slab;
    filled.unsent -= this.#taken;
    this.#taken = 0;
    if (filled.unsent === 0) filled.used = 0;
    if (this.#segments !== undefined) this.#releaseSegments();
  }

  /** Drops everything that is queued. */
  clear(): void {
    this.take();
    this.#releaseSegments();
  }

  #releaseSegments(): void {
    for (const segment of this.#segments ?? []) segment.release();
    this.#segments = undefined;
  }

  #writeBody(at: number, body: string | Uint8Array, length: number): void {
    const target = this.#memory;
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
    const target = this.#memory;
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
    for (let at = offset; at < offset + length; at += 1) this.#memory[at] = 0;
  }

  /** Makes room for `length` bytes in the slab and returns where they start. */
  #reserve(length: number): number {
    if (this.#text !== "") this.#endText();
    const slab = slabFor(length);
    if (this.#slab !== slab || this.#end !== slab.used) {
      this.#queueSlab();
      if (this.#slab !== slab) this.#reserved = 0;
      this.#slab = slab;
      this.#memory = slab.memory;
      this.#start = slab.used;
      this.#end = slab.used;
    }
    const at = this.#end;
    this.#end += length;
    this.#reserved += length;
    slab.used = this.#end;
    slab.unsent += length;
    this.length += length;
    return at;
  }

  #queueSlab(): void {
    if (this.#end > this.#start) this.#ready.push(this.#memory.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
