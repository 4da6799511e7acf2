import { endToEnd } from "../hop-by-hop.js";
import { Reply } from "../roles/reply.js";
import { isLight, partsOf, type ResponseParts } from "./light-response.js";

/** So many turns of the microtask queue a piece is waited for before the answer begins without it. */
const PATIENCE = 8;

/**
 * The reply that a `Response` stands for. Of a body that is there already it has all, so that it leaves in one write with
 * its length; else the head of the answer does not wait for the body.
 *
 * @throws TypeError for what is no `Response`
 * @throws HeaderError for a field that cannot be sent
 */
export function replyTo(response: Response): Reply | Promise<Reply> {
  if (typeof response === "object" && response !== null && isLight(response)) {
    const { status, type, lines, body } = partsOf(response);
    return withBody(withFields(new Reply(undefined, { status, type }), { fields: lines, body }), body);
  }
  // Through the tag, because it may be of another copy of fetch: node-fetch, undici from npm.
  if (Object.prototype.toString.call(response) !== "[object Response]")
    throw new TypeError(
      `Cannot reply: a fetch handler must give a Response, this one gave ${kindOf(response)}`,
    );
  const { status, headers: fields, body } = response;
  return withBody(withFields(new Reply(undefined, { status, type: null }), { fields, body }), body);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

interface Content {
  readonly fields: Iterable<readonly [name: string, value: string]>;
  readonly body: ResponseParts["body"];
}

function withFields(reply: Reply, { fields, body }: Content): Reply {
  try {
    for (const [name, value] of endToEnd(fields)) reply.headers.appendBytes(name, value);
    return reply;
  } catch (error) {
    // Nobody will read the body; that it cannot be cancelled either changes nothing.
    if (body instanceof ReadableStream) body.cancel(error).catch(() => {});
    throw error;
  }
}

function withBody(reply: Reply, body: ResponseParts["body"]): Reply | Promise<Reply> {
  if (body instanceof ReadableStream) return withStream(reply, body);
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
