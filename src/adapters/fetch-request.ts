import { Readable } from "node:stream";

import { HttpError } from "../http/http-error.js";
import type { ResponderRequest } from "../roles/responder-request.js";
import { visibleTarget } from "../paths/request-target.js";
import { requestHeaderLines } from "./raw-headers.js";

/** A target that `URL` would not change. */
const PLAIN_TARGET = /^[\w\-.~!$&()*+,;=:@/%?]*$/;

/** The constant properties of a `Request` that a server receives (Fetch standard, section 5.4). */
const constants = {
  cache: "default",
  credentials: "same-origin",
  destination: "",
  duplex: "half",
  integrity: "",
  isHistoryNavigation: false,
  isReloadNavigation: false,
  keepalive: false,
  mode: "cors",
  redirect: "follow",
  referrer: "about:client",
  referrerPolicy: "",
} as const;

/** The requests of those bodies that were asked for as a stream. */
const requests = new WeakMap<ReadableStream, ResponderRequest>();

/** The properties of a `Request` that the class below implements. */
type RequestMembers = Omit<Request, keyof typeof constants | typeof Symbol.toStringTag>;

/** A `Request` whose parts are created on first use: a native one costs more than the rest of a small answer. */
class LazyRequest implements RequestMembers {
  readonly #request: ResponderRequest;
  readonly #limit: number;
  #url: string | undefined;
  #headers: Headers | undefined;
  #stream: ReadableStream<Uint8Array> | undefined;
  #isUsed = false;

  constructor(request: ResponderRequest, limit: number) {
    this.#request = request;
    this.#limit = limit;
  }

  get method(): string {
    return this.#request.method;
  }

  get url(): string {
    return (this.#url ??= urlOf(this.#request));
  }

  get headers(): Headers {
    return (this.#headers ??= headersOf(this.#request));
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (!this.#hasBody) return null;
    // In the standard, a collected body is a disturbed stream.
    if (this.#stream === undefined) {
      this.#stream = this.#isUsed ? emptyStream() : this.#request.body.stream();
      requests.set(this.#stream, this.#request);
    }
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#isUsed || (this.#stream !== undefined && isDisturbed(this.#stream));
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#collect();
    const { buffer } = bytes;
    // A copy if they are a part of memory that others share.
    return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
      ? new Uint8Array(buffer)
      : new Uint8Array(bytes);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.#collect());
  }

  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // The parser's error quotes the body, which must not be logged.
      throw new SyntaxError("Cannot read body: it is not valid JSON");
    }
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" });
  }

  async formData(): Promise<FormData> {
    const headers = { "content-type": this.headers.get("content-type") ?? "" };
    return new Response(await this.bytes(), { headers }).formData();
  }

  /** A native `Request`; the clone's body is limited to what may be collected. */
  clone(): Request {
    if (this.bodyUsed) throw new TypeError("Cannot clone request: its body is already being read");
    const { method, headers, signal, body } = this;
    if (body === null) return new Request(this.url, { method, headers, signal });
    const [mine, other] = body.tee();
    this.#stream = mine;
    return new Request(this.url, {
      method,
      headers,
      signal,
      body: other.pipeThrough(bounded(this.#limit)),
      duplex: "half",
    });
  }

  /** Shows neither query nor header fields, because inspected values end up in logs. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Request ${this.method} ${this.#request.path}`;
  }

  get #hasBody(): boolean {
    const { method } = this.#request;
    return method !== "GET" && method !== "HEAD";
  }

  async #collect(): Promise<Uint8Array> {
    if (this.bodyUsed || this.#stream?.locked === true)
      throw new TypeError("Cannot read body: it is already being read");
    if (!this.#hasBody) return new Uint8Array();
    this.#isUsed = true;
    try {
      if (this.#stream === undefined) return await this.#request.body.bytes({ bytes: this.#limit });
      const pieces: Uint8Array[] = [];
      for await (const piece of this.#stream.pipeThrough(bounded(this.#limit))) pieces.push(piece);
      return Buffer.concat(pieces);
    } catch (error) {
      throw error instanceof HttpError ? withResponse(error) : error;
    }
  }
}

for (const [name, value] of Object.entries(constants))
  Object.defineProperty(LazyRequest.prototype, name, { get: () => value, enumerable: true });

/** A `Request` whose parts are created on first use, with a limit in bytes for its collected body. */
export const FetchRequest = LazyRequest as unknown as new (
  request: ResponderRequest,
  limit: number,
) => Request;

/** Whether a value is the request of a fetch handler. */
export function isFetchRequest(input: unknown): input is Request {
  return input instanceof LazyRequest;
}

/** The request whose body a stream is, if it is that of a {@link FetchRequest}. */
export function requestWithBody(stream: ReadableStream): ResponderRequest | undefined {
  return requests.get(stream);
}

/**
 * Makes it an `instanceof Request`. Called when the first fetch handler is created, because accessing the native class makes
 * Node.js load all of fetch.
 */
export function inheritFromRequest(): void {
  const { prototype } = LazyRequest;
  if (Object.getPrototypeOf(prototype) === Object.prototype)
    Object.setPrototypeOf(prototype, Request.prototype);
}

function urlOf(request: ResponderRequest): string {
  const { scheme, host = "localhost" } = request;
  const target = visibleTarget(request.target);
  const url = `${scheme}://${host}${target}`;
  return PLAIN_TARGET.test(target) ? url : new URL(url).href;
}

function headersOf(request: ResponderRequest): Headers {
  const lines = requestHeaderLines(request);
  const headers = new Headers();
  for (let index = 0; index < lines.length; index += 2) {
    try {
      headers.append(lines[index]!, lines[index + 1]!);
    } catch {
      // Not a field that an HTTP client can have sent.
    }
  }
  return headers;
}

function bounded(limit: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      bytes += piece.length;
      // Written so that a limit of NaN admits nothing.
      if (bytes <= limit) {
        controller.enqueue(piece);
        return;
      }
      const detail = `The body is larger than ${limit} bytes.`;
      controller.error(withResponse(new HttpError(413, detail, { code: "ERR_BODY_TOO_LARGE" })));
    },
  });
}

/** Adds the answer that Hono sends for an uncaught error; without it, Hono answers 500. */
function withResponse(error: HttpError): HttpError {
  const getResponse = (): Response =>
    Response.json(error.toProblem(), {
      status: error.status,
      headers: { "content-type": "application/problem+json" },
    });
  return Object.assign(error, { getResponse });
}

function isDisturbed(stream: ReadableStream): boolean {
  return (Readable as unknown as { isDisturbed(stream: unknown): boolean }).isDisturbed(stream);
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
}
