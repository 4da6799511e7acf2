import { ProtocolError } from "../errors.js";
import { ByteCollector } from "./byte-collector.js";
import { HEADER_LENGTH, RecordType, VERSION } from "./constants.js";

/** What receives the records of a reader. */
export interface RecordSink {
  /**
   * One record, or one piece of a record of a stream.
   *
   * Records of the stream types (PARAMS, STDIN, STDOUT, STDERR, DATA) are passed on piece by piece as their bytes
   * arrive, since record boundaries mean nothing within a stream (section 3.3); their content is empty only for the
   * record of length zero that ends the stream. Records of all other types are passed on whole.
   *
   * @param content a view into the chunk that was read; keeping it keeps the chunk
   */
  record(type: number, requestId: number, content: Buffer): void;
  /** Whether the sink takes no more for now: then the reader stops. Optional for a sink that is never full. */
  readonly full?: boolean;
  /** Whether the reader stops before each BEGIN_REQUEST, unless its header was cut. Optional for a sink that takes all. */
  readonly holdsBegin?: boolean;
}

/** Reads the bytes of a connection as records, or as if they were records. */
export interface RequestReader {
  /** Whether the last chunk ended inside a record. */
  readonly midRecord: boolean;
  /** Whether the last chunk ended inside a record that is, or may be, a BEGIN_REQUEST. */
  readonly midBegin: boolean;
  /**
   * Reads one chunk. Returns how many bytes were read.
   *
   * @throws ProtocolError if nothing after it can be read
   */
  read(chunk: Buffer): number;
  /** Takes back what was read of a record that was not passed on; undefined if a part was. */
  takeBack(): Buffer | undefined;
}

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into records (section 3.3), however the bytes are chunked. It holds at most one unfinished
 * header and the content of one unfinished record that must be whole.
 */
export class RecordReader implements RequestReader {
  readonly #sink: RecordSink;
  readonly #header = Buffer.alloc(HEADER_LENGTH);
  /** Bytes of the header that are already in `#header`; 8 while the reader is after a header. */
  #headerBytes = 0;
  #contentLeft = 0;
  #paddingLeft = 0;
  /** Content of a record that must be whole, until it is. */
  readonly #held = new ByteCollector();

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Whether the last chunk ended inside a record. */
  get midRecord(): boolean {
    return this.#headerBytes > 0;
  }

  /** Whether the last chunk ended inside a record that is, or may be, a BEGIN_REQUEST. */
  get midBegin(): boolean {
    if (this.#headerBytes === 0) return false;
    return this.#headerBytes < HEADER_LENGTH || this.#header[1] === RecordType.BeginRequest;
  }

  /**
   * Reads one chunk; every record that it completes is passed to the sink before this returns, unless the sink is full.
   *
   * @returns how many bytes were read; the caller must read the rest of the chunk later
   * @throws ProtocolError `ERR_FCGI_VERSION` at a header of another version; nothing after it can be read
   */
  read(chunk: Buffer): number {
    let offset = 0;
    const end = chunk.length;
    while (offset < end && this.#sink.full !== true) {
      if (this.#sink.holdsBegin === true && this.#isBefore(chunk, offset)) break;
      if (this.#headerBytes < HEADER_LENGTH) {
        if (this.#headerBytes === 0 && end - offset >= HEADER_LENGTH) {
          offset = this.#readInPlace(chunk, offset);
        } else {
          offset = this.#collectHeader(chunk, offset);
        }
      } else if (this.#contentLeft > 0) {
        offset = this.#readContent(chunk, offset);
      } else {
        const skipped = Math.min(this.#paddingLeft, end - offset);
        this.#paddingLeft -= skipped;
        offset += skipped;
        if (this.#paddingLeft === 0) this.#headerBytes = 0;
      }
    }
    return offset;
  }

  /**
   * Takes back what was read of a record that was not passed on: the reader is then between two records.
   *
   * @returns its bytes, none between two records; undefined if a part was passed on, or only padding is left
   */
  takeBack(): Buffer | undefined {
    const header = Buffer.from(this.#header.subarray(0, this.#headerBytes));
    const isPassedOn =
      this.#headerBytes === HEADER_LENGTH &&
      (this.#contentLeft === 0 || (isStream(header[1]!) && this.#contentLeft < header.readUInt16BE(4)));
    if (isPassedOn) return undefined;
    this.#headerBytes = 0;
    this.#contentLeft = 0;
    this.#paddingLeft = 0;
    return Buffer.concat([header, this.#held.take()]);
  }

  /** Whether a BEGIN_REQUEST comes next. */
  #isBefore(chunk: Buffer, offset: number): boolean {
    return this.#headerBytes === 0 && chunk[offset + 1] === RecordType.BeginRequest;
  }

  /** The fast path: a header that is complete in the chunk, and its content if that is complete too. */
  #readInPlace(chunk: Buffer, offset: number): number {
    const type = chunk[offset + 1]!;
    const contentLength = (chunk[offset + 4]! << 8) | chunk[offset + 5]!;
    const paddingLength = chunk[offset + 6]!;
    const start = offset + HEADER_LENGTH;
    const end = start + contentLength + paddingLength;
    if (end > chunk.length) {
      chunk.copy(this.#header, 0, offset, start);
      this.#headerBytes = HEADER_LENGTH;
      this.#begin();
      return start;
    }
    requireVersion(chunk[offset]!);
    const requestId = (chunk[offset + 2]! << 8) | chunk[offset + 3]!;
    this.#sink.record(
      type,
      requestId,
      contentLength === 0 ? EMPTY : chunk.subarray(start, start + contentLength),
    );
    return end;
  }

  #collectHeader(chunk: Buffer, offset: number): number {
    const taken = Math.min(HEADER_LENGTH - this.#headerBytes, chunk.length - offset);
    chunk.copy(this.#header, this.#headerBytes, offset, offset + taken);
    this.#headerBytes += taken;
    requireVersion(this.#header[0]!);
    if (this.#headerBytes === HEADER_LENGTH) this.#begin();
    return offset + taken;
  }

  #begin(): void {
    requireVersion(this.#header[0]!);
    this.#contentLeft = this.#header.readUInt16BE(4);
    this.#paddingLeft = this.#header[6]!;
    if (this.#contentLeft === 0) this.#deliver(EMPTY);
    if (this.#contentLeft === 0 && this.#paddingLeft === 0) this.#headerBytes = 0;
  }

  #readContent(chunk: Buffer, offset: number): number {
    const piece = chunk.subarray(offset, offset + this.#contentLeft);
    this.#contentLeft -= piece.length;
    if (this.#contentLeft === 0 && this.#paddingLeft === 0) this.#headerBytes = 0;
    if (isStream(this.#header[1]!)) {
      this.#deliver(piece);
    } else {
      this.#held.push(piece);
      if (this.#contentLeft === 0) this.#deliver(this.#held.take());
    }
    return offset + piece.length;
  }

  #deliver(content: Buffer): void {
    this.#sink.record(this.#header[1]!, this.#header.readUInt16BE(2), content);
  }
}

function isStream(type: number): boolean {
  return type >= RecordType.Params && type <= RecordType.Data;
}

function requireVersion(version: number): void {
  if (version !== VERSION) {
    throw new ProtocolError(
      "ERR_FCGI_VERSION",
      `Cannot read record: version is ${version}, expected ${VERSION}`,
    );
  }
}
