import type { Readable } from "node:stream";

import { copyHead, requireUnread, responseFields } from "../http/response-head.js";
import { ReplyHeaders, type HeaderFields } from "../http/header-fields.js";
import type { BodyPiece } from "../body/pieces.js";
import { checkBody, isPlain, saysType } from "./reply-content.js";
import { Allow, Deny } from "./verdict.js";

export type { BodyPiece } from "../body/pieces.js";

/** A body that is sent as it is, not as JSON: text, bytes in any form, and streams or iterables of either. */
export type ReplyContent =
  | BodyPiece
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<BodyPiece>
  | Readable
  | AsyncIterable<BodyPiece>
  | Iterable<BodyPiece>;

/** What a reply can have as body: {@link ReplyContent}, nothing, another answer, or a value that is sent as JSON. */
export type ReplyBody = ReplyContent | Reply | Response | object | number | boolean | null | undefined;

/** What a handler may return. */
export type HandlerResult = ReplyBody | void;

/** What goes with the body of a reply. */
export interface ReplyInit {
  /** The HTTP status, 200 to 599. Defaults to 200, or to 204 without a body. */
  readonly status?: number | undefined;
  /** Header fields; an array repeats a field, and those of another reply are copied. */
  readonly headers?: HeaderFields | ReplyHeaders | undefined;
  /** The media type. By default it follows from the body, and is never guessed to be HTML; null sends none. */
  readonly type?: string | null | undefined;
  /** The application status in END_REQUEST (sections 5.5, 6.2). Some servers answer 500 or 502 unless it is 0. */
  readonly applicationStatus?: number | undefined;
}

/** The defaults that a route has for the replies of its handler. */
export interface ReplyDefaults {
  readonly type?: string | undefined;
  readonly status?: number | undefined;
  /** The name of the handler, for messages: `BookController.show`. */
  readonly handler?: string | undefined;
}

const noInit: ReplyInit = {};

/** An answer as a value, for one request. Middleware may change it before it is sent. */
export class Reply {
  #status: number | undefined;
  #routeStatus: number | undefined;
  #headers: ReplyHeaders | undefined;
  #body: ReplyBody;
  /**
   * The media type that is sent unless the fields have one; undefined lets it follow from the body, and null sends none,
   * for answers that others made.
   */
  type: string | null | undefined;
  /** The application status in END_REQUEST. */
  applicationStatus: number;

  constructor(body?: ReplyBody, init: ReplyInit = noInit) {
    this.#body = body;
    this.type = init.type;
    this.applicationStatus = checkApplicationStatus(init.applicationStatus ?? 0);
    if (init.headers !== undefined) this.#headers = new ReplyHeaders(init.headers);
    if (init.status !== undefined) this.#status = checkStatus(init.status);
    if (typeof body === "object" && body !== null) this.body = body;
  }

  /**
   * The body; undefined and null send no content. Another answer (a reply, a `Response`, a denial) contributes its content,
   * and whatever this reply does not set.
   */
  get body(): ReplyBody {
    return this.#body;
  }

  /** @throws TypeError for a decision that lets pass */
  set body(body: ReplyBody) {
    const answer = body instanceof Reply ? body : answerOf(body);
    if (answer === undefined) this.#body = body;
    else this.#takeOver(answer);
  }

  #takeOver(answer: Reply): void {
    this.#body = answer.#body;
    if (this.#status === undefined) this.status = answer.status;
    // The media type of its content.
    this.type = answer.type ?? (answer.#headers?.has("content-type") === true ? undefined : this.type);
    if (this.applicationStatus === 0) this.applicationStatus = answer.applicationStatus;
    const own = this.#headers;
    if (answer.#headers === undefined) return;
    this.#headers = new ReplyHeaders(answer.#headers);
    if (own !== undefined) this.revise({ headers: own });
  }

  /** The header fields, besides those that follow from the body. */
  get headers(): ReplyHeaders {
    return (this.#headers ??= new ReplyHeaders());
  }

  /** @internal The header fields; undefined if they were never accessed. */
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

  /** @internal The reason phrase, if it differs from the standard one: only adapted replies have one. */
  get reason(): string | undefined {
    return undefined;
  }

  /** @internal Replaces whatever these options set. */
  revise({ status, headers, type, applicationStatus }: ReplyInit): this {
    if (status !== undefined) this.status = status;
    if (applicationStatus !== undefined) this.applicationStatus = checkApplicationStatus(applicationStatus);
    if (type !== undefined) {
      this.#headers?.delete("content-type");
      this.type = type;
    }
    if (headers === undefined) return this;
    const further = new ReplyHeaders(headers);
    for (const [name] of further) this.headers.delete(name);
    for (const [name, value] of further) this.headers.appendBytes(name, value);
    return this;
  }

  /** @internal A copy. */
  copy(): Reply {
    const copy = new Reply(this.#body, { type: this.type, headers: this.#headers });
    copy.applicationStatus = this.applicationStatus;
    copy.#status = this.#status;
    copy.#routeStatus = this.#routeStatus;
    return copy;
  }

  /** Applies the defaults of its route. */
  applyDefaults({ type, status }: ReplyDefaults): this {
    if (type !== undefined && this.type === undefined && !saysType(this.body)) this.type = type;
    this.#routeStatus ??= status;
    return this;
  }
}

/**
 * Creates a reply with a status, header fields or a media type. The body is anything that a handler may return; from
 * another answer (a reply, a `Response`, a denial) the reply takes whatever `init` does not set.
 *
 * @throws RangeError for a status that cannot be sent
 * @throws HeaderError for a field that would break the header block
 * @throws ReplyBodyError for a body that has no form on the wire
 *
 * @example
 * ```ts
 * import { reply } from "tricorn";
 *
 * const created = reply({ id: 3 }, { status: 201, headers: { Location: "/books/3" } });
 * const picture = reply(Buffer.from("GIF89a"), { type: "image/gif" });
 * ```
 */
export function reply(body?: ReplyBody, init: ReplyInit = noInit): Reply {
  if (body instanceof Reply) return body.copy().revise(init);
  const made = answerOf(body);
  if (made !== undefined) return made.revise(init);
  checkBody(body);
  return new Reply(body, init);
}

/**
 * The reply for the result of a handler. A returned error counts as thrown, and a denial as the answer that it describes.
 *
 * @throws ReplyBodyError for a value that has no form on the wire
 */
export function toReply(result: unknown, defaults: ReplyDefaults): Reply {
  // The most frequent results first.
  if (typeof result === "string") return new Reply(result).applyDefaults(defaults);
  if (result instanceof Reply) return result.applyDefaults(defaults);
  const made = answerOf(result);
  if (made !== undefined) return made;
  checkBody(result);
  return new Reply(result as ReplyBody).applyDefaults(defaults);
}

/**
 * The reply for a `Response` or a denial; undefined for other values.
 *
 * @throws TypeError for an `allow(…)`
 */
export function answerOf(value: unknown): Reply | undefined {
  if (typeof value !== "object" || value === null || isPlain(value)) return undefined;
  if (isResponse(value)) return fromResponse(value);
  // `return redirect("/log-in")` and `return deny(403)` read well in a responder too.
  if (Deny.is(value)) {
    const { status, headers, body, type } = value;
    return new Reply(body, { status, headers, type });
  }
  if (Allow.is(value)) throw new TypeError("Cannot reply with allow(…): only an authorizer decides");
  return undefined;
}

/**
 * Whether it is a web `Response`, of Node.js or of a library. By its tag: touching the class makes Node.js load all of
 * fetch, which costs 9 MiB and 20 ms.
 */
function isResponse(value: object): value is Response {
  return (
    Object.prototype.toString.call(value) === "[object Response]" &&
    typeof (value as Partial<Response>).status === "number"
  );
}

function fromResponse(response: Response): Reply {
  requireUnread(response);
  const { status, body } = response;
  return copyHead(new Reply(body), { status, fields: responseFields(response), body });
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
