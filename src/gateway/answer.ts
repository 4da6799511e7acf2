import { ProtocolError } from "../errors.js";
import { endToEnd } from "../http/hop-by-hop.js";
import type { HttpExchange } from "./http-exchange.js";

/** An application's answer: a CGI header block that was read, and the body behind it. */
export interface Answer {
  /** 200 to 599. */
  readonly status: number;
  /** The reason phrase; empty for the usual one. */
  readonly statusText: string;
  /** In the order of arrival, repeated names as often as they came; values have one character for each byte. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Throws where the answer is cut short. */
  readonly body: AsyncIterable<Uint8Array>;
}

const NOTHING = new Uint8Array(0);

/** Bytes of a body that is not wanted that are read, so that the application can end in peace, before it is aborted. */
const UNWANTED_BYTES = 1024 * 1024;

/**
 * Sends an application's answer to the HTTP client, piece by piece as it comes and no faster than the client takes it.
 * Fields of one connection are left out, and so are those that are meant for the gateway (Status, Variable-*).
 *
 * @throws when the answer is cut short, broken, or longer or shorter than its Content-Length. What has been sent cannot
 *   be taken back then: the caller abandons the exchange.
 */
export async function sendAnswer(
  exchange: HttpExchange,
  { status, statusText, headers, body }: Answer,
): Promise<void> {
  const { response } = exchange;
  // RFC 9110, section 15.3.6: there is no content behind a 205, which says so by its length.
  const isReset = status === 205;
  const bodiless = exchange.method === "HEAD" || status === 204 || status === 304 || isReset;
  const fields = endToEnd(headers).filter(([name]) => !isForGateway(name.toLowerCase()));
  const length = contentLength(fields);
  response.statusCode = status;
  if (statusText !== "") response.statusMessage = statusText;
  for (const [name, value] of fields) {
    if ((status === 204 || isReset) && name.toLowerCase() === "content-length") continue;
    response.appendHeader(name, value);
  }
  if (bodiless) {
    if (isReset) response.setHeader("Content-Length", 0);
    response.end();
    await discard(body);
    return;
  }
  // At once: the application may take its time for the body, and the client may wait for the head (server-sent events).
  // Not by flushHeaders(): Node 20 would write the head as UTF-8 and so change the bytes of its values.
  response.write(NOTHING);
  let sent = 0;
  for await (const piece of body) {
    sent += piece.length;
    if (length !== undefined && sent > length)
      throw broken(`its body is longer than its Content-Length of ${length}`);
    await exchange.write(piece);
  }
  if (length !== undefined && sent < length) {
    throw broken(`its body has ${sent} bytes, its Content-Length is ${length}`);
  }
  response.end();
}

/** Reads a body that nobody wants, so that the application comes to its end; a long one is aborted. */
export async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > UNWANTED_BYTES) return;
  }
}

function isForGateway(name: string): boolean {
  return name === "status" || name.startsWith("variable-") || name.startsWith("proxy-auth");
}

function contentLength(fields: readonly (readonly [name: string, value: string])[]): number | undefined {
  const lengths = fields
    .filter(([name]) => name.toLowerCase() === "content-length")
    .map(([, value]) => value);
  if (lengths.length === 0) return undefined;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0]!))
    throw broken("its Content-Length is no single number");
  return Number(lengths[0]);
}

function broken(fact: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_RESPONSE_HEADER", `Cannot send answer: ${fact}`);
}
