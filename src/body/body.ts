import type { InputStream } from "../protocol/input-stream.js";
import type { Segment } from "../protocol/segment.js";
import { parseUrlEncoded } from "../http/query.js";
import { HttpError } from "../http/http-error.js";
import { DEFAULT_COLLECTED_BYTES, InputReader, type BodyLimits } from "./input-reader.js";
import { decodeText, decodeUtf8, essenceOf, parameterOf, parametersOf } from "../http/media-type.js";
import { readParts, type MultipartLimits } from "./multipart.js";
import type { Part } from "./part.js";

export type { BodyLimits } from "./input-reader.js";

/** Limits of a urlencoded form. */
export interface FormLimits extends BodyLimits {
  /** Fields, counting each occurrence of a repeated name; 1000 by default. */
  readonly fields?: number | undefined;
}

/** Limits of a JSON body. */
export interface JsonLimits extends BodyLimits {
  /** Levels of nested arrays and objects; 500 by default. */
  readonly depth?: number | undefined;
}

/** What PARAMS say about a body. */
export interface BodyFacts {
  /** CONTENT_TYPE as received. */
  readonly contentType: string | undefined;
  /** CONTENT_LENGTH in bytes; undefined if it is absent or cannot be trusted. */
  readonly contentLength: number | undefined;
  /** The values of Content-Encoding; none by default. */
  readonly contentCodings?: readonly string[] | undefined;
}

const DEFAULT_FIELDS = 1000;
const DEFAULT_DEPTH = 500;

/**
 * The body of a request, FCGI_STDIN (section 6.2). It is read when a method is called, and only once: a second call throws
 * a TypeError. The media type is not checked; only its charset and boundary are used.
 *
 * Each method fails with an HttpError 400 `ERR_BODY_LENGTH` if the number of bytes differs from CONTENT_LENGTH, with 413
 * `ERR_BODY_TOO_LARGE` above its limit (at once if CONTENT_LENGTH is above it), and with the request's AbortedError if the
 * request ends early. Text, JSON and forms fail with 415 `ERR_BODY_CODING` if the body has a Content-Encoding; bytes, pieces
 * and streams are returned as received.
 */
export class RequestBody {
  readonly #reader: InputReader;
  readonly #contentType: string | undefined;
  readonly #codings: readonly string[];

  constructor(source: InputStream, { contentType, contentLength, contentCodings = [] }: BodyFacts) {
    this.#reader = new InputReader(source, { name: "body", length: contentLength });
    this.#contentType = contentType;
    this.#codings = contentCodings;
  }

  /** The media type in lower case without parameters; undefined if the client sent none. */
  get contentType(): string | undefined {
    return essenceOf(this.#contentType);
  }

  /** The announced length in bytes; undefined if it is unknown, as for a chunked upload. */
  get contentLength(): number | undefined {
    return this.#reader.length;
  }

  /** Returns the body as bytes, in memory that nothing else uses. */
  async bytes(limits?: BodyLimits): Promise<Buffer> {
    return (await this.#collect(limits)).own();
  }

  /**
   * Returns the body as text in the charset of its Content-Type, by default UTF-8.
   *
   * @throws HttpError 415 `ERR_BODY_CHARSET` for an unknown charset, 400 `ERR_BODY_ENCODING` for bytes that are invalid in it
   */
  async text(limits?: BodyLimits): Promise<string> {
    requireNoCoding(this.#codings);
    return this.#decoded(limits, decodeText);
  }

  /**
   * Parses the body as JSON (RFC 8259), which is always UTF-8.
   *
   * @throws HttpError 400 `ERR_BODY_JSON` for invalid or too deeply nested JSON, and the errors of {@link text}
   */
  async json({ bytes, depth = DEFAULT_DEPTH }: JsonLimits = {}): Promise<unknown> {
    requireNoCoding(this.#codings);
    const text = await this.#decoded({ bytes }, decodeUtf8);
    if (isDeeperThan(text, depth)) {
      throw new HttpError(400, `The body is nested deeper than ${depth} levels.`, { code: "ERR_BODY_JSON" });
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // The parser's error quotes the body, which must not reach answers or logs.
      throw new HttpError(400, "The body is not valid JSON.", { code: "ERR_BODY_JSON" });
    }
  }

  /**
   * Returns the fields of a urlencoded form, in an object without a prototype; a repeated name has an array.
   *
   * @throws HttpError 413 `ERR_BODY_TOO_LARGE` for too many fields, and the errors of {@link text}
   */
  async form({ bytes, fields = DEFAULT_FIELDS }: FormLimits = {}): Promise<
    Record<string, string | string[]>
  > {
    requireNoCoding(this.#codings);
    const text = await this.#decoded({ bytes }, decodeUtf8);
    const pairs = parseUrlEncoded(text);
    if (!(pairs.size <= fields)) {
      throw new HttpError(413, `The body has more than ${fields} fields.`, {
        code: "ERR_BODY_TOO_LARGE",
      });
    }
    const form = Object.create(null) as Record<string, string | string[]>;
    for (const [name, value] of pairs) {
      const earlier = form[name];
      if (earlier === undefined) form[name] = value;
      else if (typeof earlier === "string") form[name] = [earlier, value];
      else earlier.push(value);
    }
    return form;
  }

  /**
   * Returns the body piece by piece, as it arrives, without a limit: the cheapest way to read or forward a large body.
   * Pieces are read on demand; leaving the loop early drops the rest.
   */
  pieces(): AsyncIterable<Uint8Array> {
    this.#reader.claim();
    return this.#reader.pieces();
  }

  /** Returns the body as a web stream, without a limit. Pieces are read on demand; cancelling it drops the rest. */
  stream(): ReadableStream<Uint8Array> {
    this.#reader.claim();
    return this.#reader.stream();
  }

  /**
   * Returns the parts of a multipart/form-data body one after the other (RFC 7578). Read each before you ask for the next,
   * which drops what is unread. Leaving the loop early drops the rest of the body.
   *
   * @throws HttpError 400 `ERR_BODY_MULTIPART` for a body that is not such a form, is cut short, or has a part that would be
   * lost; complete parts may have been returned before
   */
  multipart(limits?: MultipartLimits): AsyncIterable<Part> {
    requireNoCoding(this.#codings);
    this.#reader.claim();
    return readParts(this.#reader, { boundaries: parametersOf(this.#contentType, "boundary"), limits });
  }

  #collect({ bytes = DEFAULT_COLLECTED_BYTES }: BodyLimits = {}): Promise<Segment> {
    this.#reader.claim();
    return this.#reader.collect(bytes);
  }

  async #decoded(
    limits: BodyLimits | undefined,
    decode: (bytes: Buffer, charset: string | undefined) => string,
  ): Promise<string> {
    const collected = await this.#collect(limits);
    try {
      return decode(collected.bytes, this.#charset);
    } finally {
      collected.release();
    }
  }

  get #charset(): string | undefined {
    return parameterOf(this.#contentType, "charset");
  }
}

/**
 * Refuses a body with a content coding, such as gzip, since none is decoded (RFC 9110, section 15.5.16). Accept-Encoding
 * says what is accepted (RFC 7694).
 *
 * @throws HttpError 415 `ERR_BODY_CODING`
 */
function requireNoCoding(codings: readonly string[]): void {
  const isIdentity = (coding: string): boolean => /^(?:identity)?$/i.test(coding.trim());
  if (codings.every((value) => value.split(",").every(isIdentity))) return;
  throw new HttpError(415, "The body has a Content-Encoding, and none is supported.", {
    code: "ERR_BODY_CODING",
    headers: { "Accept-Encoding": "identity" },
  });
}

/**
 * Whether arrays and objects of a JSON text are nested deeper than a number of levels. It is checked before the text is
 * parsed, because code that handles a value recurses into its levels.
 */
function isDeeperThan(text: string, depth: number): boolean {
  // Each level takes at least one character.
  if (text.length <= depth) return false;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        open += 1;
        // Negated, so that a limit of NaN admits nothing.
        if (!(open <= depth)) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open -= 1;
        break;
    }
  }
  return false;
}

/** The index of the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}
