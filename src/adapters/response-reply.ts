import { copyHead, isWebStream, requireUnread, responseFields } from "../http/response-head.js";
import type { Reply } from "../roles/reply.js";
import { AdaptedReply } from "./adapted-reply.js";
import { requestWithBody } from "./fetch-request.js";
import { isLight, partsOf, type ResponseParts } from "./light-response.js";

/** The microtask turns to wait for a piece before the answer begins without it. */
const MAX_TURNS = 8;

/**
 * Creates the reply of a `Response`. A body that is available at once is sent in one write with its length; otherwise the
 * head does not wait for the body.
 *
 * A `Response` of a library is recognized by its members: node-fetch, undici from npm, @whatwg-node/fetch and others.
 *
 * @throws TypeError for a value that is not a `Response`, or one that was read already
 * @throws HeaderError for a field that cannot be sent
 */
export function replyFrom(response: Response): Reply | Promise<Reply> {
  if (typeof response === "object" && response !== null && isLight(response)) {
    const { status, type, statusText, lines, body } = partsOf(response);
    return withBody(copyHead(replyOf({ status, statusText }, type), { fields: lines, body }), body);
  }
  requireResponse(response);
  const { status, statusText } = response;
  if (status === 0) throw new TypeError("Cannot reply: the Response was created by Response.error()");
  requireUnread(response);
  const body = bodyOf(response);
  const reply = copyHead(replyOf({ status, statusText }, null), { fields: responseFields(response), body });
  // A Response without a stream, as in whatwg-fetch, can still be collected.
  return body === undefined
    ? response.arrayBuffer().then((bytes) => filled(reply, bytes))
    : withBody(reply, body);
}

function requireResponse(value: unknown): asserts value is Response {
  const { status, headers } = (value ?? {}) as Partial<Response>;
  if (typeof status === "number" && typeof headers === "object" && headers !== null) return;
  throw new TypeError(
    `Cannot reply: a fetch handler must return a Response, this one returned ${value === null ? "null" : typeof value}`,
  );
}

function replyOf(
  { status, statusText }: Pick<Response, "status" | "statusText">,
  type: string | null,
): Reply {
  return new AdaptedReply(undefined, { type }).decide(status, statusText);
}

type ResponseBody = ResponseParts["body"] | AsyncIterable<Uint8Array>;

/** The body of a response; undefined if it can only be collected. */
function bodyOf(response: Response): ResponseBody | undefined {
  const body: unknown = response.body;
  if (body === null) return null;
  if (typeof body === "object" && ("getReader" in body || Symbol.asyncIterator in body))
    return body as ReadableStream<Uint8Array>;
  return undefined;
}

function filled(reply: Reply, bytes: ArrayBuffer): Reply {
  reply.body = new Uint8Array(bytes);
  return reply;
}

function withBody(reply: Reply, body: ResponseBody): Reply | Promise<Reply> {
  if (isWebStream(body)) return withStream(reply, body);
  reply.body = body ?? "";
  return reply;
}

async function withStream(reply: Reply, stream: ReadableStream<Uint8Array>): Promise<Reply> {
  if (await isArriving(stream)) {
    // It is passed on without a stream reader, and its head does not wait.
    reply.body = stream;
    return reply;
  }
  const pieces = new ResponsePieces(stream);
  const first = await pieces.soon();
  if (first?.done === true) {
    reply.body = "";
    return reply;
  }
  if (first !== undefined) {
    const second = await pieces.soon();
    if (second?.done === true) {
      reply.body = first.value;
      return reply;
    }
  }
  pieces.begin(first?.value ?? new Uint8Array());
  reply.body = pieces;
  return reply;
}

/** Whether a stream is the unread body of the request, of which a part has arrived and more follows. */
async function isArriving(stream: ReadableStream): Promise<boolean> {
  const request = requestWithBody(stream);
  if (request === undefined) return false;
  // What came together with the params has been read in a later microtask.
  await Promise.resolve();
  const { stdin } = request.exchange;
  return stdin.buffered > 0 && !stdin.ended && !stream.locked;
}

/** The pieces of a stream, which can be read ahead. */
class ResponsePieces implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #asked: Promise<IteratorResult<Uint8Array, undefined>> | undefined;
  #first: Uint8Array | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * Returns the next piece if it is available within MAX_TURNS, else undefined, and `next()` returns it. Throws if the stream
   * fails in that time.
   */
  async soon(): Promise<IteratorResult<Uint8Array, undefined> | undefined> {
    const seen: { result?: IteratorResult<Uint8Array, undefined>; error?: { readonly reason: unknown } } = {};
    this.#asked = this.#read();
    this.#asked.then(
      (result) => {
        seen.result = result;
      },
      (reason: unknown) => {
        seen.error = { reason };
      },
    );
    for (let turn = 0; turn < MAX_TURNS && seen.result === undefined; turn += 1) {
      await Promise.resolve();
      if (seen.error !== undefined) throw seen.error.reason;
    }
    return seen.result;
  }

  /** Sets the piece that is returned first, before those that were read ahead. */
  begin(first: Uint8Array): void {
    this.#first = first;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return { done: false, value: first };
    }
    const asked = this.#asked;
    this.#asked = undefined;
    return asked ?? this.#read();
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#reader.cancel();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #read(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { done, value } = await this.#reader.read();
    return done ? { done: true, value: undefined } : { done: false, value };
  }
}
