import { ByteCollector } from "../protocol/byte-collector.js";
import { malformedForm, parsePartHeader, type PartHeader } from "./part-header.js";

/** Receives the parts. */
export interface PartSink {
  /** A part begins. */
  begin(header: PartHeader): void;
  /** A piece of the part's content, never empty; a view of the parsed data. */
  content(piece: Buffer): void;
  /** The part is complete. */
  end(): void;
}

/** Limits of one part's header. */
export interface PartHeaderLimits {
  /** Header fields. */
  readonly fields: number;
  /** Bytes of all of them. */
  readonly bytes: number;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const DASH = 0x2d;

const LINE_END = Buffer.from("\r\n");
const EMPTY = Buffer.alloc(0);

/**
 * What is read next:
 *
 * ```
 *   preamble ──> boundary ──(CRLF)──> header ──(empty line)──> content ──> boundary
 *                   └──("--")──> closed ──(CRLF)──> epilogue
 * ```
 */
type State = "preamble" | "boundary" | "header" | "content" | "closed" | "epilogue";

/**
 * Splits a multipart body into its parts (RFC 2046, section 5.1.1), without I/O. It takes linear time and holds at most the
 * header of one part, or the beginning of a possible boundary.
 *
 * A part is either passed on or the body is refused. A line that begins with the boundary and continues with anything but
 * "--" or the end of the line is refused too: RFC 2046 calls it a boundary, most programs do not, so one of them loses a part.
 */
export class MultipartParser {
  readonly #sink: PartSink;
  readonly #limits: PartHeaderLimits;
  /** A line feed and the boundary. It cannot overlap itself, so that even a body of boundaries is searched only once. */
  readonly #needle: Buffer;
  #state: State = "preamble";
  /** A possible beginning of a boundary line. It starts with a virtual line end before the first line. */
  #held: Buffer = LINE_END;
  /** How many bytes of `#held` are a virtual line end, not content. */
  #virtual = LINE_END.length;
  /** What was read after a boundary: a dash, whitespace, or `r` for a carriage return. */
  #tail: "" | "-" | " " | "r" = "";
  #header = new ByteCollector();
  /** The length and the last byte of the unfinished header line. */
  #lineLength = 0;
  #last = 0;

  /** @param boundary the parameter of the Content-Type, in ASCII */
  constructor(
    boundary: string,
    { sink, limits }: { readonly sink: PartSink; readonly limits: PartHeaderLimits },
  ) {
    this.#needle = Buffer.from(`\n--${boundary}`, "latin1");
    this.#sink = sink;
    this.#limits = limits;
  }

  /**
   * Parses the next piece of the body, which may change afterwards.
   *
   * @throws HttpError 400 `ERR_BODY_MULTIPART`; the parser cannot be used afterwards
   */
  write(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) rest = this.#step(rest);
  }

  /** Ends the body. Throws as {@link write} if it is incomplete. */
  end(): void {
    if (this.#state !== "closed" && this.#state !== "epilogue")
      throw malformedForm("its last boundary is missing");
  }

  /** Parses the beginning of the bytes and returns the rest. */
  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "preamble":
      case "content":
      case "epilogue":
        return this.#search(bytes);
      case "boundary":
      case "closed":
        return this.#readTail(bytes);
      case "header":
        return this.#readHeader(bytes);
    }
  }

  #search(piece: Buffer): Buffer {
    const held = this.#held;
    const { length } = this.#needle;
    if (held.length > 0) {
      // The length of a boundary after the held bytes decides whether they begin one.
      const joined = Buffer.concat([held, piece.subarray(0, length)]);
      const found = joined.indexOf(this.#needle);
      if (found >= 0) {
        this.#found(joined, found);
        return piece.subarray(found + length - held.length);
      }
      if (piece.length <= length) return this.#keepBeginning(joined);
      this.#emit(held);
      this.#held = EMPTY;
    }
    const found = piece.indexOf(this.#needle);
    if (found < 0) return this.#keepBeginning(piece);
    this.#found(piece, found);
    return piece.subarray(found + length);
  }

  /** Handles a line that begins with the boundary. */
  #found(bytes: Buffer, feed: number): void {
    if (feed === 0 || bytes[feed - 1] !== CR)
      throw malformedForm("a line before a boundary does not end with CRLF");
    if (this.#state === "epilogue") throw malformedForm("it has a boundary after its last one");
    this.#emit(bytes.subarray(0, feed - 1));
    if (this.#state === "content") this.#sink.end();
    this.#state = "boundary";
    this.#tail = "";
    this.#held = EMPTY;
  }

  #keepBeginning(bytes: Buffer): Buffer {
    const end = bytes.length - this.#beginningOfLine(bytes);
    this.#emit(bytes.subarray(0, end));
    this.#held = Buffer.from(bytes.subarray(end));
    return EMPTY;
  }

  /** Returns the number of bytes at the end that may begin a line end and a boundary. */
  #beginningOfLine(bytes: Buffer): number {
    const needle = this.#needle;
    const feed = bytes.lastIndexOf(LF);
    const length = bytes.length - feed;
    if (feed >= 0 && length < needle.length && bytes.compare(needle, 0, length, feed) === 0)
      return length + (feed > 0 && bytes[feed - 1] === CR ? 1 : 0);
    return bytes.at(-1) === CR ? 1 : 0;
  }

  #emit(bytes: Buffer): void {
    const virtual = Math.min(this.#virtual, bytes.length);
    this.#virtual -= virtual;
    if (this.#state === "content" && bytes.length > virtual) this.#sink.content(bytes.subarray(virtual));
  }

  /** Reads after a boundary: "--" after the last one, whitespace, which is ignored (transport padding), and the line end. */
  #readTail(bytes: Buffer): Buffer {
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (this.#tail === "r") {
        if (byte !== LF) break;
        return this.#endLine(bytes.subarray(at + 1));
      }
      if (byte === CR && this.#tail !== "-") this.#tail = "r";
      else if ((byte === SPACE || byte === TAB) && this.#tail !== "-") this.#tail = " ";
      // No part follows that a bare line feed could hide.
      else if (byte === LF && this.#state === "closed") return this.#endLine(bytes.subarray(at + 1));
      else if (byte === DASH && this.#state === "boundary" && this.#tail === "") this.#tail = "-";
      else if (byte === DASH && this.#tail === "-") {
        this.#state = "closed";
        this.#tail = "";
      } else break;
      if (at === bytes.length - 1) return EMPTY;
    }
    throw malformedForm("a line that begins with the boundary continues after it");
  }

  #endLine(rest: Buffer): Buffer {
    this.#tail = "";
    if (this.#state === "closed") {
      this.#state = "epilogue";
      this.#beginText();
    } else {
      this.#state = "header";
    }
    return rest;
  }

  #readHeader(bytes: Buffer): Buffer {
    let start = 0;
    for (let feed = bytes.indexOf(LF); feed >= 0; feed = bytes.indexOf(LF, start)) {
      const length = this.#lineLength + feed - start;
      if ((feed > start ? bytes[feed - 1] : this.#last) !== CR || length === 0)
        throw malformedForm("a line in the header of a part does not end with CRLF");
      start = feed + 1;
      this.#lineLength = 0;
      if (length > 1) continue;
      this.#collect(bytes.subarray(0, start));
      this.#beginPart();
      return bytes.subarray(start);
    }
    this.#lineLength += bytes.length - start;
    this.#last = bytes.at(-1)!;
    this.#collect(bytes);
    return EMPTY;
  }

  #collect(bytes: Buffer): void {
    const { bytes: limit } = this.#limits;
    if (!(this.#header.length + bytes.length <= limit))
      throw malformedForm(`the header of a part is longer than ${limit} bytes`);
    this.#header.push(bytes);
  }

  #beginPart(): void {
    const block = this.#header.take();
    this.#sink.begin(parsePartHeader(block.subarray(0, -2), { fields: this.#limits.fields }));
    this.#state = "content";
    this.#beginText();
  }

  /** A boundary may follow at once: its line end is the one that was just read. */
  #beginText(): void {
    this.#held = LINE_END;
    this.#virtual = LINE_END.length;
  }
}
