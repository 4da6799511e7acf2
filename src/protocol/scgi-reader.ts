import { ProtocolError } from "../errors.js";
import { encodeBeginRequest } from "./bodies.js";
import { RecordType, Role } from "./constants.js";
import { writePairLength } from "./name-value.js";
import { Params } from "./params.js";
import type { RecordSink, RequestReader } from "./record-reader.js";

/** The id of the only request of a connection. */
const REQUEST_ID = 1;
/** Digits of a netstring's length; no limit on params allows more. */
const LENGTH_DIGITS = 9;
/** The name of the first header, and its end. */
const FIRST_NAME = Buffer.from("CONTENT_LENGTH\0");
/** Digits of CONTENT_LENGTH; more are no safe integer. */
const BODY_DIGITS = 15;
/** The most bytes that tell the length of the body: the first header. */
const START_BYTES = FIRST_NAME.length + BODY_DIGITS + 1;

const EMPTY = Buffer.alloc(0);
const BEGIN = encodeBeginRequest({ role: Role.Responder, keepConnection: false });
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * What comes next:
 *
 * ```
 *   length ──":"──> headers ──all have come──> comma ──","──> body ──all has come──> nothing
 *                                                └──no CONTENT_LENGTH──> unknown
 * ```
 */
type Part = "length" | "headers" | "comma" | "body" | "nothing" | "unknown";

/**
 * Reads the request of an SCGI connection, however its bytes are chunked, and passes it on as the records of a responder
 * request: BEGIN_REQUEST at the first digit, the headers as they come as PARAMS (see {@link scgiParams}), the body as STDIN. It
 * holds no more than the start of the headers.
 */
export class ScgiReader implements RequestReader {
  readonly #sink: RecordSink;
  #part: Part = "length";
  #digits = 0;
  /** Bytes of the headers or the body that are still to come; before, the length as far as it has come. */
  #left = 0;
  /** The first bytes of the headers. */
  readonly #start = Buffer.alloc(START_BYTES);
  #startBytes = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  get midRecord(): boolean {
    return this.#part === "length" ? this.#digits > 0 : this.#part === "headers" || this.#part === "comma";
  }

  /** Always false: the request begins with its first byte. */
  get midBegin(): boolean {
    return false;
  }

  /**
   * Reads one chunk, always whole.
   *
   * @throws ProtocolError `ERR_SCGI_NETSTRING` for headers that are no netstring, `ERR_SCGI_BODY_LENGTH` for bytes after the body
   */
  read(chunk: Buffer): number {
    for (let offset = 0; offset < chunk.length;) {
      switch (this.#part) {
        case "length":
          this.#readLength(chunk[offset]!);
          offset += 1;
          break;
        case "headers":
          offset += this.#readHeaders(chunk.subarray(offset, offset + this.#left));
          break;
        case "comma":
          this.#readComma(chunk[offset]!);
          offset += 1;
          break;
        case "body":
          offset += this.#readBody(chunk.subarray(offset, offset + this.#left));
          break;
        case "nothing":
          throw new ProtocolError(
            "ERR_SCGI_BODY_LENGTH",
            "Cannot read request: more bytes came than CONTENT_LENGTH says",
          );
        case "unknown":
          // The request was refused, and its connection ends.
          return chunk.length;
        default:
          this.#part satisfies never;
      }
    }
    return chunk.length;
  }

  /** Nothing can be taken back: a connection has one request, which begins with the first byte. */
  takeBack(): undefined {
    return undefined;
  }

  #readLength(byte: number): void {
    if (byte === COLON && this.#digits > 0) {
      this.#part = "headers";
      return;
    }
    if (byte < ZERO || byte > NINE) throw noNetstring("its length is not a number and a colon");
    if (this.#digits === 0 && byte === ZERO) throw noNetstring("its length begins with 0");
    if (this.#digits === LENGTH_DIGITS) throw noNetstring(`its length has more than ${LENGTH_DIGITS} digits`);
    if (this.#digits === 0) this.#sink.record(RecordType.BeginRequest, REQUEST_ID, BEGIN);
    this.#digits += 1;
    this.#left = 10 * this.#left + byte - ZERO;
  }

  #readHeaders(piece: Buffer): number {
    this.#startBytes += piece.copy(this.#start, this.#startBytes);
    this.#left -= piece.length;
    if (this.#left === 0) this.#part = "comma";
    this.#sink.record(RecordType.Params, REQUEST_ID, piece);
    return piece.length;
  }

  #readComma(byte: number): void {
    if (byte !== COMMA) throw noNetstring("there is no comma where it ends");
    const length = bodyLengthIn(this.#start.subarray(0, this.#startBytes));
    this.#part = length === undefined ? "unknown" : "body";
    this.#left = length ?? 0;
    this.#sink.record(RecordType.Params, REQUEST_ID, EMPTY);
    if (this.#part === "body" && this.#left === 0) this.#endBody();
  }

  #readBody(piece: Buffer): number {
    this.#left -= piece.length;
    this.#sink.record(RecordType.Stdin, REQUEST_ID, piece);
    if (this.#left === 0) this.#endBody();
    return piece.length;
  }

  #endBody(): void {
    this.#part = "nothing";
    this.#sink.record(RecordType.Stdin, REQUEST_ID, EMPTY);
  }
}

/**
 * Decodes the headers of an SCGI request, which are name NUL value NUL, as params.
 *
 * The specification allows no name twice, but nginx 1.22 sends a header field that a client repeats twice, so only CONTENT_LENGTH
 * and SCGI must be the only ones. Of another name that came more than once the same value counts as under FastCGI.
 *
 * @throws ProtocolError `ERR_SCGI_HEADERS` for headers that break the specification in another way
 */
export function scgiParams(headers: Buffer): Params {
  if (bodyLengthIn(headers) === undefined)
    throw wrongHeaders("the first one is not CONTENT_LENGTH with a number");
  // A length of more than 127 bytes takes 3 bytes more than the NUL.
  const pairs = Buffer.allocUnsafe(headers.length + 3 * Math.floor(headers.length / 128));
  let written = 0;
  let count = 1;
  for (let start = 0; start < headers.length; count += 1) {
    const nameEnd = nextNul(headers, start);
    const valueEnd = nextNul(headers, nameEnd + 1);
    if (valueEnd >= headers.length)
      throw wrongHeaders(`header ${count} is not a name and a value that end with NUL`);
    if (nameEnd === start) throw wrongHeaders(`header ${count} has no name`);
    written = writePairLength(pairs, nameEnd - start, written);
    written = writePairLength(pairs, valueEnd - nameEnd - 1, written);
    // They are mostly too short to be worth a call of copy().
    for (let at = start; at < nameEnd; at += 1) pairs[written++] = headers[at]!;
    for (let at = nameEnd + 1; at < valueEnd; at += 1) pairs[written++] = headers[at]!;
    start = valueEnd + 1;
  }
  const params = new Params(pairs.subarray(0, written));
  if (params.get("SCGI") !== "1") throw wrongHeaders("there is no SCGI with the value 1");
  for (const name of ["CONTENT_LENGTH", "SCGI"])
    if (params.isRepeated(name)) throw wrongHeaders(`${name} comes twice`);
  return params;
}

/** The position of the next NUL; the length if there is none. */
function nextNul(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += 1;
  return at;
}

/** The length of the body by the first header, which must be CONTENT_LENGTH; undefined if it is not, or has another value than digits. */
function bodyLengthIn(headers: Buffer): number | undefined {
  if (!headers.subarray(0, FIRST_NAME.length).equals(FIRST_NAME)) return undefined;
  const digits = /^\d+(?=\0)/.exec(headers.toString("latin1", FIRST_NAME.length, START_BYTES));
  return digits === null ? undefined : Number(digits[0]);
}

function noNetstring(fact: string): ProtocolError {
  return new ProtocolError(
    "ERR_SCGI_NETSTRING",
    `Cannot read request: its headers are no netstring, ${fact}`,
  );
}

function wrongHeaders(fact: string): ProtocolError {
  return new ProtocolError("ERR_SCGI_HEADERS", `Cannot read headers: ${fact}`);
}
