import type { ReplyHeaders } from "./header-fields.js";
import { endToEnd } from "./hop-by-hop.js";

/** A `Response` whose body was not read yet, native or of a library. */
export interface ResponseHead {
  /** Unless the reply has its status already. */
  readonly status?: number;
  readonly fields: Iterable<readonly [name: string, value: string]>;
  /** Cancelled if the head cannot be sent. */
  readonly body: unknown;
}

/**
 * Copies status and header fields of a web `Response` into a reply, without the fields about one connection.
 *
 * @throws HeaderError for a field that cannot be sent, RangeError for such a status; the body is cancelled then
 */
export function copyHead<R extends { status: number; readonly headers: ReplyHeaders }>(
  reply: R,
  { status, fields, body }: ResponseHead,
): R {
  try {
    if (status !== undefined) reply.status = status;
    // A field of a `Response` has one character for each byte.
    for (const [name, value] of endToEnd(fields)) reply.headers.appendBytes(name, value);
    return reply;
  } catch (error) {
    // The body will not be read; a failure to cancel it changes nothing.
    if (isWebStream(body)) body.cancel(error).catch(() => {});
    throw error;
  }
}

/** @throws TypeError for a `Response` whose body was read already */
export function requireUnread({ bodyUsed }: Pick<Response, "bodyUsed">): void {
  if (bodyUsed) throw new TypeError("Cannot reply: the body of the Response was read already");
}

/** The fields, one for each line: iterators of libraries join Set-Cookie values, which browsers do not split. */
export function* responseFields({
  headers,
}: Pick<Response, "headers">): Generator<readonly [string, string]> {
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

/** Whether a body is a web stream, also one of another realm or a library. */
export function isWebStream(body: unknown): body is ReadableStream<Uint8Array> {
  return typeof (body as Partial<ReadableStream> | null | undefined)?.getReader === "function";
}
