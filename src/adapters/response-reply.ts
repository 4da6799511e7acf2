import { hopByHop } from "../roles/header-fields.js";
import { Reply } from "../roles/reply.js";
import { isLight, partsOf } from "./light-response.js";

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
    const reply = new Reply(undefined, { status, type });
    for (const [name, value] of lines) append(reply, name, value);
    return withBody(reply, body);
  }
  // Through the tag, because it may be of another copy of fetch: node-fetch, undici from npm.
  if (Object.prototype.toString.call(response) !== "[object Response]")
    throw new TypeError(
      `Cannot reply: a fetch handler must give a Response, this one gave ${kindOf(response)}`,
    );
  const reply = new Reply(undefined, { status: response.status, type: null });
  try {
    for (const [name, value] of response.headers) append(reply, name, value);
  } catch (error) {
    // Nobody will read the body; that it cannot be cancelled either changes nothing.
    response.body?.cancel(error).catch(() => {});
    throw error;
  }
  return withBody(reply, response.body);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function append(reply: Reply, name: string, value: string): void {
  if (!hopByHop.has(name.toLowerCase())) reply.headers.appendBytes(name, value);
}

function withBody(
  reply: Reply,
  body: string | Uint8Array | ReadableStream<Uint8Array> | null,
): Reply | Promise<Reply> {
  if (body instanceof ReadableStream) return withStream(reply, body);
  reply.body = body ?? "";
  return reply;
}

async function withStream(reply: Reply, stream: ReadableStream<Uint8Array>): Promise<Reply> {
  const pieces = new Pieces(stream);
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
class Pieces implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #asked: Promise<IteratorResult<Uint8Array, undefined>> | undefined;
  #first: Uint8Array | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next piece if it is there in a moment; else it comes next. Once it was given, the one behind it is asked for. */
  async soon(): Promise<IteratorResult<Uint8Array, undefined> | undefined> {
    const seen: { result?: IteratorResult<Uint8Array, undefined> } = {};
    this.#asked = this.#read();
    this.#asked.then(
      (result) => {
        seen.result = result;
      },
      // Whoever takes it will see.
      () => {},
    );
    for (let turn = 0; turn < PATIENCE && seen.result === undefined; turn += 1) await Promise.resolve();
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
