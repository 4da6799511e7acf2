import type { InputStream } from "../protocol/input-stream.js";
import type { Segment } from "../protocol/segment.js";
import { InputReader, type BodyLimits } from "./input-reader.js";
import { decodeText } from "../http/media-type.js";

/** A part's header, and the limit of its content. */
export interface PartFacts {
  readonly name: string;
  /** As received. */
  readonly filename: string | undefined;
  readonly type: string;
  /** The default limit of {@link Part.bytes}, in bytes. */
  readonly limit: number;
}

/**
 * One part of a multipart/form-data body, a field or a file (RFC 7578). It can be read once, before the next part is asked
 * for; later a read throws a TypeError. If the body fails, so does the part.
 */
export class Part {
  readonly #reader: InputReader;
  readonly #limit: number;
  /** The name of the form's field. */
  readonly name: string;
  /**
   * The client's name of a file, without directories and NUL; undefined for a field, empty if no file was chosen. Untrusted:
   * never use it as a path.
   */
  readonly filename: string | undefined;
  /** The client's media type in lower case without parameters, by default `text/plain`. Untrusted. */
  readonly type: string;

  constructor(input: InputStream, { name, filename, type, limit }: PartFacts) {
    this.#reader = new InputReader(input, { name: "part", length: undefined });
    this.#limit = limit;
    this.name = name;
    this.filename = filename === undefined ? undefined : baseName(filename);
    this.type = type;
  }

  /** Returns the content as bytes. Throws an HttpError 413 `ERR_BODY_TOO_LARGE` above the limit. */
  async bytes(limits?: BodyLimits): Promise<Buffer> {
    return (await this.#collect(limits)).own();
  }

  /** Returns the content as UTF-8 text. Throws an HttpError 400 `ERR_BODY_ENCODING` for invalid UTF-8. */
  async text(limits?: BodyLimits): Promise<string> {
    const collected = await this.#collect(limits);
    try {
      return decodeText(collected.bytes);
    } finally {
      collected.release();
    }
  }

  /** Returns the content as a web stream that reads on demand. Cancelling it drops the rest of the part. */
  stream(): ReadableStream<Uint8Array> {
    this.#reader.claim();
    return this.#reader.stream();
  }

  #collect({ bytes = this.#limit }: BodyLimits = {}): Promise<Segment> {
    this.#reader.claim();
    return this.#reader.collect(bytes);
  }
}

/** Returns the last segment; some browsers send whole paths. */
function baseName(filename: string): string {
  const clean = filename.replaceAll("\0", "");
  const base = clean.slice(Math.max(clean.lastIndexOf("/"), clean.lastIndexOf("\\")) + 1);
  return base === "." || base === ".." ? "" : base;
}
