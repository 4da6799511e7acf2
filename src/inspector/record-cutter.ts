import { HEADER_LENGTH, VERSION } from "../protocol/constants.js";
import type { RecordHeader } from "../protocol/record.js";

/** What receives the records of a cutter. */
export interface RecordCutterSink {
  /** The header of a record is complete. */
  header(header: RecordHeader): void;
  /** A piece of the content of the latest record, valid only during the call. */
  content(piece: Uint8Array): void;
  /** Bytes from a header of another version on: they are not records, and nothing after them is read. */
  unreadable(bytes: Uint8Array): void;
}

/**
 * Cuts one direction of a connection into records (section 3.3), as they travelled: with the length and the padding of each.
 * `RecordReader`, which the way of a request uses, drops both. It never throws.
 */
export class RecordCutter {
  readonly #sink: RecordCutterSink;
  readonly #header = Buffer.alloc(HEADER_LENGTH);
  #headerBytes = 0;
  #contentLeft = 0;
  #paddingLeft = 0;
  #readable = true;

  constructor(sink: RecordCutterSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#readable) {
        this.#sink.unreadable(chunk.subarray(at));
        return;
      }
      if (this.#headerBytes < HEADER_LENGTH) {
        at = this.#collectHeader(chunk, at);
      } else if (this.#contentLeft > 0) {
        const piece = chunk.subarray(at, at + this.#contentLeft);
        this.#contentLeft -= piece.length;
        at += piece.length;
        this.#sink.content(piece);
      } else {
        const skipped = Math.min(this.#paddingLeft, chunk.length - at);
        this.#paddingLeft -= skipped;
        at += skipped;
      }
      if (this.#headerBytes === HEADER_LENGTH && this.#contentLeft === 0 && this.#paddingLeft === 0)
        this.#headerBytes = 0;
    }
  }

  #collectHeader(chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + HEADER_LENGTH - this.#headerBytes);
    this.#header.set(piece, this.#headerBytes);
    this.#headerBytes += piece.length;
    if (this.#header[0] !== VERSION) {
      this.#readable = false;
      const start = this.#header.subarray(0, this.#headerBytes);
      this.#sink.unreadable(Buffer.concat([start, chunk.subarray(at + piece.length)]));
      return chunk.length;
    } else if (this.#headerBytes === HEADER_LENGTH) {
      this.#contentLeft = this.#header.readUInt16BE(4);
      this.#paddingLeft = this.#header[6]!;
      this.#sink.header({
        type: this.#header[1]!,
        requestId: this.#header.readUInt16BE(2),
        contentLength: this.#contentLeft,
        paddingLength: this.#paddingLeft,
      });
    }
    return at + piece.length;
  }
}
