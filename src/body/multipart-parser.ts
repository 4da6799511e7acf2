import { ByteCollector } from "../protocol/byte-collector.js";
import { malformedForm, parsePartHeader, type PartHeader } from "./part-header.js";

/** Who takes the parts that were found. */
export interface PartSink {
  /** A part begins. */
  begin(header: PartHeader): void;
  /** A piece of its content, never empty; a view of what was written. */
  content(piece: Buffer): void;
  /** The part is complete. */
  end(): void;
}

/** The bounds of one part's header. */
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
const NOTHING = Buffer.alloc(0);

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
 * Cuts a multipart body into its parts (RFC 2046, section 5.1.1), whatever way it is chunked; it does no I/O. Each byte is
 * looked at a few times, and what is held is the header of one part, or the beginning of what may be a boundary.
 *
 * A part is handed on, or the body is refused. So are all lines that begin with the boundary and go on with what is neither
 * the end of the line nor "--": RFC 2046 calls them boundaries, most programs do not, and a part would be lost to one of them.
 */
export class MultipartParser {
  readonly #sink: PartSink;
  readonly #limits: PartHeaderLimits;
  /** A line end and the boundary: it cannot overlap itself, so that even a body made of boundaries is searched once. */
  readonly #needle: Buffer;
  #state: State = "preamble";
  /** What may be the beginning of a line with the boundary. In front of the first line there is a line end in thought. */
  #held: Buffer = LINE_END;
  /** How many bytes of `#held` are such a line end, and no content. */
  #thought = LINE_END.length;
  /** The line of a boundary, as far as it has come behind it: one letter for a dash, a blank, a carriage return. */
  #tail: "" | "-" | " " | "r" = "";
  #header = new ByteCollector();
  /** Bytes of the unfinished line of the header, and the last of them. */
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
   * Reads the next piece of the body, which must not change afterwards.
   *
   * @throws HttpError 400 `ERR_BODY_MULTIPART`; nothing can be read behind that
   */
  write(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0) rest = this.#step(rest);
  }

  /** The body has ended. Throws the same where it is not complete. */
  end(): void {
    if (this.#state !== "closed" && this.#state !== "epilogue")
      throw malformedForm("its last boundary is missing");
  }

  /** Reads the beginning of the bytes and returns what is left of them. */
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
      // What was held is a beginning: so many bytes behind it tell whether the rest of a boundary follows.
      const joined = Buffer.concat([held, piece.subarray(0, length)]);
      const found = joined.indexOf(this.#needle);
      if (found >= 0) {
        this.#found(joined, found);
        return piece.subarray(found + length - held.length);
      }
      if (piece.length <= length) return this.#keepBeginning(joined);
      this.#emit(held);
      this.#held = NOTHING;
    }
    const found = piece.indexOf(this.#needle);
    if (found < 0) return this.#keepBeginning(piece);
    this.#found(piece, found);
    return piece.subarray(found + length);
  }

  /** A line begins with the boundary. */
  #found(bytes: Buffer, feed: number): void {
    if (feed === 0 || bytes[feed - 1] !== CR)
      throw malformedForm("a line in front of a boundary does not end with CRLF");
    if (this.#state === "epilogue") throw malformedForm("it goes on behind its last boundary");
    this.#emit(bytes.subarray(0, feed - 1));
    if (this.#state === "content") this.#sink.end();
    this.#state = "boundary";
    this.#tail = "";
    this.#held = NOTHING;
  }

  #keepBeginning(bytes: Buffer): Buffer {
    const end = bytes.length - this.#beginningOfLine(bytes);
    this.#emit(bytes.subarray(0, end));
    this.#held = bytes.subarray(end);
    return NOTHING;
  }

  /** How many bytes at the end may be the beginning of a line end and a boundary. */
  #beginningOfLine(bytes: Buffer): number {
    const needle = this.#needle;
    const feed = bytes.lastIndexOf(LF);
    const length = bytes.length - feed;
    if (feed >= 0 && length < needle.length && bytes.compare(needle, 0, length, feed) === 0)
      return length + (feed > 0 && bytes[feed - 1] === CR ? 1 : 0);
    return bytes.at(-1) === CR ? 1 : 0;
  }

  #emit(bytes: Buffer): void {
    const thought = Math.min(this.#thought, bytes.length);
    this.#thought -= thought;
    if (this.#state === "content" && bytes.length > thought) this.#sink.content(bytes.subarray(thought));
  }

  /** Reads behind a boundary: "--" behind the last one, blanks, which mean nothing (transport padding), and the line end. */
  #readTail(bytes: Buffer): Buffer {
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (this.#tail === "r") {
        if (byte !== LF) break;
        return this.#endLine(bytes.subarray(at + 1));
      }
      if (byte === CR && this.#tail !== "-") this.#tail = "r";
      else if ((byte === SPACE || byte === TAB) && this.#tail !== "-") this.#tail = " ";
      // Nothing follows that could be lost by a line end of another kind.
      else if (byte === LF && this.#state === "closed") return this.#endLine(bytes.subarray(at + 1));
      else if (byte === DASH && this.#state === "boundary" && this.#tail === "") this.#tail = "-";
      else if (byte === DASH && this.#tail === "-") {
        this.#state = "closed";
        this.#tail = "";
      } else break;
      if (at === bytes.length - 1) return NOTHING;
    }
    throw malformedForm("a line begins with the boundary and goes on behind it");
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
    return NOTHING;
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

  /** A boundary may follow at once: the line end in front of it is the one that was just read. */
  #beginText(): void {
    this.#held = LINE_END;
    this.#thought = LINE_END.length;
  }
}
