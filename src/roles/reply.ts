import type { Readable } from "node:stream";

import { ReplyHeaders, type HeaderFields } from "./header-fields.js";

/** A piece of a streamed body; text is sent as UTF-8. */
export type BodyPiece = string | Uint8Array;

/**
 * What an answer can be made of: text, bytes, a stream or iterable of either, nothing, or a value that is sent as JSON.
 */
export type ReplyBody =
  | BodyPiece
  | ReadableStream<Uint8Array>
  | Readable
  | AsyncIterable<BodyPiece>
  | Iterable<BodyPiece>
  | object
  | number
  | boolean
  | null
  | undefined;

/** What a handler may return. */
export type HandlerResult = ReplyBody | Reply | Response | void;

/** What goes with the body of a reply. */
export interface ReplyInit {
  /** The HTTP status, 200 to 599. If left out: 200, or 204 where there is no body. */
  readonly status?: number | undefined;
  /** Header fields; an array repeats a field, and those of another reply are copied. */
  readonly headers?: HeaderFields | ReplyHeaders | undefined;
  /** The media type. If left out, it follows from the body, and is never guessed to be HTML; with null none is sent. */
  readonly type?: string | null | undefined;
  /** The application status in END_REQUEST (sections 5.5, 6.2). Some servers answer 500 or 502 where it is not 0. */
  readonly applicationStatus?: number | undefined;
}

/** What a route says about the replies of its handler that say nothing themselves. */
export interface ReplyDefaults {
  readonly type?: string | undefined;
  readonly status?: number | undefined;
}

const nothing: ReplyInit = {};

/** An answer as a value, for one request. Middleware may change it before it is sent. */
export class Reply {
  #status: number | undefined;
  #routeStatus: number | undefined;
  #headers: ReplyHeaders | undefined;
  /** What is sent; undefined and null are an answer without content. */
  body: ReplyBody;
  /**
   * The media type that is sent unless the fields have one; undefined lets it follow from the body, and null sends none,
   * for answers that others made.
   */
  type: string | null | undefined;
  /** The application status in END_REQUEST. */
  applicationStatus: number;

  constructor(body?: ReplyBody, init: ReplyInit = nothing) {
    this.body = body;
    this.type = init.type;
    this.applicationStatus = checkApplicationStatus(init.applicationStatus ?? 0);
    if (init.headers !== undefined) this.#headers = new ReplyHeaders(init.headers);
    if (init.status !== undefined) this.#status = checkStatus(init.status);
  }

  /** The header fields that are sent beside those which follow from the body. */
  get headers(): ReplyHeaders {
    return (this.#headers ??= new ReplyHeaders());
  }

  /** @internal The same, where anybody has asked for them. */
  get ownHeaders(): ReplyHeaders | undefined {
    return this.#headers;
  }

  /** The HTTP status. Setting one outside of 200 to 599 throws a RangeError: nothing but a final status can be sent. */
  get status(): number {
    return this.#status ?? this.#routeStatus ?? (this.body === undefined || this.body === null ? 204 : 200);
  }

  set status(status: number) {
    this.#status = checkStatus(status);
  }

  /** Takes over what its route says where the reply says nothing. */
  applyDefaults({ type, status }: ReplyDefaults): this {
    if (this.type === undefined) this.type = type;
    this.#routeStatus ??= status;
    return this;
  }
}

/**
 * Makes a reply with a status, header fields or a media type of its own.
 *
 * @throws RangeError for a status that cannot be sent
 * @throws HeaderError for a field that would break the header block
 */
export function reply(body?: ReplyBody, init?: ReplyInit): Reply {
  return new Reply(body, init);
}

function checkStatus(status: number): number {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`Cannot reply with status ${status}: it must be an integer from 200 to 599`);
  }
  return status;
}

function checkApplicationStatus(status: number): number {
  if (!Number.isInteger(status) || status < 0 || status > 0xffff_ffff) {
    throw new RangeError(
      `Cannot reply with application status ${status}: it must be an unsigned 32-bit integer`,
    );
  }
  return status;
}
