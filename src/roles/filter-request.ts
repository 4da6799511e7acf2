import type { Exchange } from "../protocol/application-side/exchange.js";
import { BodyRequest } from "./responder-request.js";
import { FilterDataError, checkedData, type DataInput } from "../body/filter-data.js";
import type { RequestLocation } from "../paths/location.js";
import { isNotModified } from "../http/preconditions.js";
import type { RequestContext } from "./request-context.js";

/** The validators of a filtered file. */
export interface Validators {
  /** An entity tag with its quotes, such as `"v1"` or `W/"v1"`. */
  readonly etag?: string | undefined;
  /** When the reply last changed; defaults to FCGI_DATA_LAST_MOD. */
  readonly lastModified?: Date | undefined;
}

/** A file that the filter bridge found, instead of FCGI_DATA from the Web server. */
export interface FoundFile {
  /** The location of the request, before its params described the file. */
  readonly location: RequestLocation;
  readonly data: DataInput;
}

/** A file that a filter transforms, and the request for it (section 6.4). */
export class FilterRequest extends BodyRequest {
  readonly #found: FoundFile | undefined;
  #data: ReadableStream<Uint8Array> | undefined;
  /** Bytes of the file, FCGI_DATA_LENGTH. */
  readonly dataLength: number;
  /** When the file was last changed, FCGI_DATA_LAST_MOD; undefined unless the Web server sends it. */
  readonly lastModified: Date | undefined;

  /** Throws a FilterDataError if FCGI_DATA_LENGTH is missing or not a number: the file could not be checked. */
  constructor(exchange: Exchange, context: RequestContext, found?: FoundFile) {
    super(exchange, context, found);
    this.#found = found;
    const length = exchange.params.get("FCGI_DATA_LENGTH");
    if (
      length === undefined ||
      !/^\d{1,15}$/.test(length) ||
      !exchange.params.isUnanimous("FCGI_DATA_LENGTH")
    ) {
      throw new FilterDataError("Cannot filter: FCGI_DATA_LENGTH is missing or not a single number");
    }
    this.dataLength = Number(length);
    const lastModified = exchange.params.get("FCGI_DATA_LAST_MOD");
    this.lastModified =
      lastModified !== undefined && /^\d{1,12}$/.test(lastModified)
        ? new Date(Number(lastModified) * 1000)
        : undefined;
  }

  /**
   * The file, FCGI_DATA. Fails at its end if it has fewer or more bytes than {@link dataLength}, so that a truncated file
   * never passes for a complete one.
   */
  get data(): ReadableStream<Uint8Array> {
    return (this.#data ??= checkedData(this.#found?.data ?? this.exchange.data, this.dataLength));
  }

  /**
   * Whether the client's copy is still good, so that a 304 can be answered without reading the file (RFC 9110,
   * section 13.1). If-None-Match counts before If-Modified-Since.
   */
  notModified({ etag, lastModified = this.lastModified }: Validators = {}): boolean {
    const seconds = lastModified === undefined ? undefined : Math.floor(lastModified.getTime() / 1000);
    return isNotModified(this.headers, { etag, lastModified: seconds });
  }
}
