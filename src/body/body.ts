import type { InputStream } from "../protocol/application-side/input-stream.js";
import { requireNoCoding } from "../http/content-coding.js";
import { parseForm } from "../http/form.js";
import { HttpError } from "../http/http-error.js";
import { isDeeperThan } from "./json-depth.js";
import { DEFAULT_COLLECTED_BYTES, InputReader, type BodyLimits } from "./input-reader.js";
import { decodeText, decodeUtf8, essenceOf, parameterOf, parametersOf } from "../http/media-type.js";
import { readParts, type MultipartLimits } from "./multipart.js";
import type { Part } from "./part.js";

export type { BodyLimits } from "./input-reader.js";

/** The most that is taken of a urlencoded form. */
export interface FormLimits extends BodyLimits {
  /** Fields, each occurrence of a repeated name counted; 1000 if left out. */
  readonly fields?: number | undefined;
}

/** The most that is taken of JSON. */
export interface JsonLimits extends BodyLimits {
  /** Levels of arrays and objects; 500 if left out. */
  readonly depth?: number | undefined;
}

/** What PARAMS say about a body. */
export interface BodyFacts {
  /** CONTENT_TYPE as it came. */
  readonly contentType: string | undefined;
  /** CONTENT_LENGTH in bytes; undefined where there is none that can be trusted. */
  readonly contentLength: number | undefined;
  /** The values of Content-Encoding; none if left out. */
  readonly contentCodings?: readonly string[] | undefined;
}

const DEFAULT_FIELDS = 1000;
const DEFAULT_DEPTH = 500;

/**
 * The body of a request, FCGI_STDIN (section 6.2). Nothing is read until one of the methods is called, and only one can
 * be, once: a second call is a TypeError. The media type is not looked at, except for its charset and boundary.
 *
 * All methods fail with an HttpError 400 `ERR_BODY_LENGTH` when fewer or more bytes come than CONTENT_LENGTH announced,
 * with 413 `ERR_BODY_TOO_LARGE` above their limit (at once where CONTENT_LENGTH tells), and with the request's
 * AbortedError when it ends early. What has to be understood (text, JSON, forms) is an HttpError 415 `ERR_BODY_CODING` where
 * it has a Content-Encoding; bytes, pieces and streams are what came.
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

  /** The media type in lower case without parameters; undefined where the client sent none. */
  get contentType(): string | undefined {
    return essenceOf(this.#contentType);
  }

  /** How many bytes were announced; undefined where nobody knows before the end: an upload in chunks, for one. */
  get contentLength(): number | undefined {
    return this.#reader.length;
  }

  /** The body as bytes. They may be a view of what was received: copy them before changing them. */
  async bytes({ bytes = DEFAULT_COLLECTED_BYTES }: BodyLimits = {}): Promise<Buffer> {
    this.#reader.claim();
    return this.#reader.collect(bytes);
  }

  /**
   * The body as text in the charset of its Content-Type, UTF-8 if that has none.
   *
   * @throws HttpError 415 `ERR_BODY_CHARSET` for an unknown charset, 400 `ERR_BODY_ENCODING` for bytes that are no text in it
   */
  async text(limits?: BodyLimits): Promise<string> {
    requireNoCoding(this.#codings);
    return decodeText(await this.bytes(limits), this.#charset);
  }

  /**
   * The body as the value that its JSON describes (RFC 8259, which is always UTF-8).
   *
   * @throws HttpError 400 `ERR_BODY_JSON`, also for what is nested too deep; and what {@link text} throws
   */
  async json({ bytes, depth = DEFAULT_DEPTH }: JsonLimits = {}): Promise<unknown> {
    requireNoCoding(this.#codings);
    const text = decodeUtf8(await this.bytes({ bytes }), this.#charset);
    if (isDeeperThan(text, depth)) {
      throw new HttpError(400, `The body is nested deeper than ${depth} levels.`, { code: "ERR_BODY_JSON" });
    }
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // The parser's own error quotes what was sent, which is not for answers and not for logs.
      throw new HttpError(400, "The body is not valid JSON.", { code: "ERR_BODY_JSON" });
    }
  }

  /**
   * The fields of a urlencoded form, in an object without a prototype; a name that is repeated has an array.
   *
   * @throws HttpError 413 `ERR_BODY_TOO_LARGE` for too many fields, and what {@link text} throws
   */
  async form({ bytes, fields = DEFAULT_FIELDS }: FormLimits = {}): Promise<
    Record<string, string | string[]>
  > {
    requireNoCoding(this.#codings);
    const text = decodeUtf8(await this.bytes({ bytes }), this.#charset);
    const pairs = parseForm(text);
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
   * The body piece by piece, as it arrives, without a limit: what costs least of all ways to read a large one, or to hand
   * it on. It reads from the connection only what it is asked for; leaving the loop early drops the rest.
   */
  pieces(): AsyncIterable<Uint8Array> {
    this.#reader.claim();
    return this.#reader.pieces();
  }

  /**
   * The body as a web stream without a limit. It reads from the connection only what it is asked for; cancelling it
   * drops the rest.
   */
  stream(): ReadableStream<Uint8Array> {
    this.#reader.claim();
    return this.#reader.stream();
  }

  /**
   * The parts of a multipart/form-data body one after the other (RFC 7578), each to be read before the next is asked
   * for: an unread one is dropped then. Leaving the loop early drops the rest of the body.
   *
   * A body that is no such form, is cut short, or of which a part would be lost, is an HttpError 400
   * `ERR_BODY_MULTIPART`; it may come only after whole parts were handed out.
   */
  multipart(limits?: MultipartLimits): AsyncIterable<Part> {
    requireNoCoding(this.#codings);
    this.#reader.claim();
    return readParts(this.#reader, { boundaries: parametersOf(this.#contentType, "boundary"), limits });
  }

  get #charset(): string | undefined {
    return parameterOf(this.#contentType, "charset");
  }
}
