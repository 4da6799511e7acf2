import { endToEnd } from "../http/hop-by-hop.js";
import type { Reply } from "../roles/reply.js";
import { AdaptedReply } from "./adapted-reply.js";
import { isLight, partsOf, type ResponseParts } from "./light-response.js";

/** So many turns of the microtask queue a piece is waited for before the answer begins without it. */
const PATIENCE = 8;

/**
 * The reply that a `Response` stands for. Of a body that is there already it has all, so that it leaves in one write with
 * its length; else the head of the answer does not wait for the body.
 *
 * A `Response` of a library is known by what it has: node-fetch, undici from npm, @whatwg-node/fetch and others.
 *
 * @throws TypeError for what is no `Response`, or one that was read already
 * @throws HeaderError for a field that cannot be sent
 */
export function replyTo(response: Response): Reply | Promise<Reply> {
  if (typeof response === "object" && response !== null && isLight(response)) {
    const { status, type, statusText, lines, body } = partsOf(response);
    return withBody(withFields(replyOf({ status, statusText }, type), { fields: lines, body }), body);
  }
  requireResponse(response);
  const { status, statusText, bodyUsed } = response;
  if (status === 0) throw new TypeError("Cannot reply: the Response is one of Response.error()");
  if (bodyUsed) throw new TypeError("Cannot reply: the body of the Response was read already");
  const body = bodyOf(response);
  const reply = withFields(replyOf({ status, statusText }, null), { fields: fieldsOf(response), body });
  // What has no stream, as the Response of whatwg-fetch, can still be read.
  return body === undefined
    ? response.arrayBuffer().then((bytes) => filled(reply, bytes))
    : withBody(reply, body);
}

function requireResponse(value: unknown): asserts value is Response {
  const { status, headers } = (value ?? {}) as Partial<Response>;
  if (typeof status === "number" && typeof headers === "object" && headers !== null) return;
  throw new TypeError(
    `Cannot reply: a fetch handler must give a Response, this one gave ${value === null ? "null" : typeof value}`,
  );
}

function replyOf(
  { status, statusText }: Pick<Response, "status" | "statusText">,
  type: string | null,
): Reply {
  return new AdaptedReply(undefined, { type }).decide(status, statusText);
}

/** The fields line by line: libraries join the values of Set-Cookie in their iterators, which no browser takes apart. */
function* fieldsOf(response: Response): Generator<readonly [name: string, value: string]> {
  const { headers } = response;
  if (headers instanceof Headers) {
    yield* headers;
    return;
  }
  const cookies = cookiesOf(headers);
  for (const [name, value] of headers as Iterable<[string, string]>)
    if (cookies === undefined || name.toLowerCase() !== "set-cookie") yield [name, value];
  for (const value of cookies ?? []) yield ["set-cookie", value];
}

function cookiesOf(headers: Partial<Headers>): readonly string[] | undefined {
  if (typeof headers.getSetCookie === "function") return headers.getSetCookie();
  // node-fetch.
  const { raw } = headers as { raw?: () => Readonly<Record<string, readonly string[]>> };
  return typeof raw === "function" ? (raw.call(headers)["set-cookie"] ?? []) : undefined;
}

type ResponseBody = ResponseParts["body"] | AsyncIterable<Uint8Array>;

/** The body of a response, or undefined where it can only be collected. */
function bodyOf(response: Response): ResponseBody | undefined {
  const body: unknown = response.body;
  if (body === null) return null;
  if (typeof body === "object" && ("getReader" in body || Symbol.asyncIterator in body))
    return body as ReadableStream<Uint8Array>;
  return undefined;
}

interface Content {
  readonly fields: Iterable<readonly [name: string, value: string]>;
  readonly body: ResponseBody | undefined;
}

function withFields(reply: Reply, { fields, body }: Content): Reply {
  try {
    for (const [name, value] of endToEnd(fields)) reply.headers.appendBytes(name, value);
    return reply;
  } catch (error) {
    // Nobody will read the body; that it cannot be cancelled either changes nothing.
    if (isWebStream(body)) body.cancel(error).catch(() => {});
    throw error;
  }
}

/** Also one of another realm, or of a library. */
function isWebStream(body: ResponseBody | undefined): body is ReadableStream<Uint8Array> {
  return typeof (body as Partial<ReadableStream> | null | undefined)?.getReader === "function";
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

/** What a stream gives, of which a piece may be asked for before anybody takes it. */
class ResponsePieces implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #asked: Promise<IteratorResult<Uint8Array, undefined>> | undefined;
  #first: Uint8Array | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * The next piece if it is there in a moment; else it comes next. Once it was given, the one behind it is asked for.
   * Throws what the stream fails with in that time.
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
    for (let turn = 0; turn < PATIENCE && seen.result === undefined; turn += 1) {
      await Promise.resolve();
      if (seen.error !== undefined) throw seen.error.reason;
    }
    return seen.result;
  }

  /** What is given before all that was asked for. */
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
