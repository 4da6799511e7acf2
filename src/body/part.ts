import type { InputStream } from "../protocol/application-side/input-stream.js";
import { InputReader, type BodyLimits } from "./input-reader.js";
import { decodeText } from "../http/media-type.js";

/** What a part's header says, and how much of it may be collected. */
export interface PartFacts {
  readonly name: string;
  /** As it was sent. */
  readonly filename: string | undefined;
  readonly type: string;
  /** The limit of {@link Part.bytes} where nothing else is said. */
  readonly limit: number;
}

/**
 * One part of a multipart/form-data body, a field or a file (RFC 7578). It can be read once, and until the next part is
 * asked for; after that reading is a TypeError. When the body breaks, so does the part.
 */
export class Part {
  readonly #reader: InputReader;
  readonly #limit: number;
  /** The name of the form's field. */
  readonly name: string;
  /**
   * The name that the client gave to a file, without directories and NUL; undefined for a field, empty where no file was
   * chosen. It is the client's word: never use it as a path.
   */
  readonly filename: string | undefined;
  /** The media type in lower case without parameters, `text/plain` where none was sent; the client's word, too. */
  readonly type: string;

  constructor(input: InputStream, { name, filename, type, limit }: PartFacts) {
    this.#reader = new InputReader(input, { name: "part", length: undefined });
    this.#limit = limit;
    this.name = name;
    this.filename = filename === undefined ? undefined : baseName(filename);
    this.type = type;
  }

  /** The content as bytes; above the limit an HttpError 413 `ERR_BODY_TOO_LARGE`. */
  async bytes({ bytes = this.#limit }: BodyLimits = {}): Promise<Buffer> {
    this.#reader.claim();
    return this.#reader.collect(bytes);
  }

  /** The content as UTF-8 text; bytes that are not are an HttpError 400 `ERR_BODY_ENCODING`. */
  async text(limits?: BodyLimits): Promise<string> {
    return decodeText(await this.bytes(limits));
  }

  /** The content as a web stream that reads only what it is asked for; cancelling it drops the rest of the part. */
  stream(): ReadableStream<Uint8Array> {
    this.#reader.claim();
    return this.#reader.stream();
  }
}

/** Some browsers send whole paths, of their own system or made up. */
function baseName(filename: string): string {
  const clean = filename.replaceAll("\0", "");
  const base = clean.slice(Math.max(clean.lastIndexOf("/"), clean.lastIndexOf("\\")) + 1);
  return base === "." || base === ".." ? "" : base;
}
