import { ProtocolError } from "../errors.js";
import { ByteCollector } from "./byte-collector.js";

/** One header field as it came, without the white space around its value. */
export type CgiHeaderField = readonly [name: string, value: string];

/** The header block of a CGI response (RFC 3875, section 6). */
export interface CgiResponseHead {
  /** From `Status`; without it 302 if there is a `Location`, else 200. */
  readonly status: number;
  /** The reason phrase after the status; empty if there is none. */
  readonly statusText: string;
  /** All fields in the order of arrival, without `Status`. */
  readonly headers: readonly CgiHeaderField[];
  /** Bytes of the body by `Content-Length`; undefined without one. */
  readonly length: number | undefined;
  /** What followed the header block in the last piece: the first bytes of the body. */
  readonly rest: Buffer;
}

/** The bounds of a header block. */
export interface CgiResponseLimits {
  /** Bytes of the block with its blank line; 64 KiB by default. */
  readonly bytes?: number | undefined;
  /** Header fields, `Status` included; 256 by default. */
  readonly count?: number | undefined;
}

const LF = 0x0a;
const CR = 0x0d;

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5: no control characters but the tab; a bare CR would be a line end to some recipients. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/**
 * RFC 3875, section 6.3.3: three digits; the recipient judges those above 599. Interim statuses cannot be a CGI
 * response, because no second header block follows them.
 */
const STATUS = /^([2-9]\d\d)(?:[ \t]+(.*))?$/;
/** RFC 9110, section 8.6; more digits than a number can hold exactly are of no use. */
const LENGTH = /^\d{1,15}$/;
/** RFC 3875, section 6.3: each of these at most once. Two different ones would mean different things to two readers. */
const ONCE = new Set(["status", "location", "content-type", "content-length"]);

/**
 * Reads the header block at the start of a CGI response, however it is cut into pieces. Lines end in CRLF or LF. Names are
 * strings of ASCII, values have one character for each byte.
 *
 * Everything that two recipients might understand differently is refused with a ProtocolError
 * `ERR_FCGI_RESPONSE_HEADER`: folded lines, control characters, space before the colon, `Status` twice, a
 * `Content-Length` that is not a number.
 */
export class CgiResponseParser {
  readonly #maxBytes: number;
  readonly #maxCount: number;
  readonly #held = new ByteCollector();
  #lines = 0;
  /** Bytes of the unfinished line that are in `#held`, and the first of them. */
  #lineLength = 0;
  #lineStart = 0;

  constructor({ bytes = 64 * 1024, count = 256 }: CgiResponseLimits = {}) {
    this.#maxBytes = bytes;
    this.#maxCount = count;
  }

  /**
   * Reads the next piece of STDOUT. Returns the header block once it is complete; it must get no further piece then.
   *
   * @throws ProtocolError `ERR_FCGI_RESPONSE_HEADER`
   */
  push(piece: Buffer): CgiResponseHead | undefined {
    let start = 0;
    for (let feed = piece.indexOf(LF); feed >= 0; feed = piece.indexOf(LF, start)) {
      if (this.#held.length + feed >= this.#maxBytes) throw this.#tooLong();
      const length = this.#lineLength + feed - start;
      const first = this.#lineLength > 0 ? this.#lineStart : piece[start];
      start = feed + 1;
      this.#lineLength = 0;
      if (length === 0 || (length === 1 && first === CR)) {
        this.#held.push(piece.subarray(0, start));
        return parseBlock(this.#held.take().toString("latin1"), piece.subarray(start));
      }
      this.#lines += 1;
      if (this.#lines > this.#maxCount) throw refused(`it has more than ${this.#maxCount} fields`);
    }
    if (this.#held.length + piece.length > this.#maxBytes) throw this.#tooLong();
    if (start < piece.length) {
      if (this.#lineLength === 0) this.#lineStart = piece[start]!;
      this.#lineLength += piece.length - start;
    }
    this.#held.push(piece);
    return undefined;
  }

  /** The error for a response that ended before its header block did. */
  incomplete(): ProtocolError {
    return refused(
      this.#held.length === 0
        ? "the application wrote nothing to STDOUT"
        : `STDOUT ended after ${this.#held.length} bytes without a blank line`,
    );
  }

  #tooLong(): ProtocolError {
    return refused(`it is longer than ${this.#maxBytes} bytes`);
  }
}

function parseBlock(block: string, rest: Buffer): CgiResponseHead {
  const headers: CgiHeaderField[] = [];
  const seen = new Set<string>();
  let status: string | undefined;
  let length: number | undefined;
  let number = 0;
  for (let start = 0; ;) {
    const feed = block.indexOf("\n", start);
    const line = block.slice(start, block[feed - 1] === "\r" && feed > start ? feed - 1 : feed);
    start = feed + 1;
    if (line === "") break;
    number += 1;
    const field = parseField(line, number);
    const name = field[0].toLowerCase();
    if (ONCE.has(name)) {
      if (seen.has(name)) throw refused(`${name} comes twice`);
      seen.add(name);
    }
    if (name === "content-length") length = parseLength(field[1]);
    if (name === "status") status = field[1];
    else headers.push(field);
  }
  if (number === 0) throw refused("it has no field");
  if (status === undefined) {
    const redirect = seen.has("location");
    return { status: redirect ? 302 : 200, statusText: redirect ? "Found" : "OK", headers, length, rest };
  }
  const match = STATUS.exec(status);
  if (match === null) throw refused("Status is not a number from 200 to 999 and a reason");
  return { status: Number(match[1]), statusText: match[2] ?? "", headers, length, rest };
}

function parseLength(value: string): number {
  if (!LENGTH.test(value)) throw refused("Content-Length is not a number of bytes");
  return Number(value);
}

function parseField(line: string, number: number): CgiHeaderField {
  if (line.startsWith(" ") || line.startsWith("\t")) throw refused(`line ${number} is folded`);
  const colon = line.indexOf(":");
  if (colon < 0) throw refused(`line ${number} has no colon`);
  const name = line.slice(0, colon);
  if (!TOKEN.test(name)) throw refused(`the name in line ${number} is not a token`);
  const value = trimWhiteSpace(line, colon + 1);
  if (NOT_IN_VALUE.test(value)) throw refused(`the value in line ${number} has a control character`);
  return [name, value];
}

/** Removes spaces and tabs around; without a regular expression, which would take quadratic time. */
function trimWhiteSpace(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && (line[start] === " " || line[start] === "\t")) start += 1;
  while (end > start && (line[end - 1] === " " || line[end - 1] === "\t")) end -= 1;
  return line.slice(start, end);
}

function refused(fact: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_RESPONSE_HEADER", `Cannot read response header: ${fact}`);
}
