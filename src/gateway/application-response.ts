import { ProtocolError } from "../errors.js";
import { endToEnd } from "../http/hop-by-hop.js";
import type { HttpExchange } from "./http-exchange.js";
import type { ApplicationResponse } from "./response.js";

const EMPTY = new Uint8Array(0);

/** Bytes that are read of an unused body, so that the application can end normally, before the request is aborted. */
const UNWANTED_BYTES = 1024 * 1024;

/**
 * Sends a response to the HTTP client as a stream with back-pressure. Hop-by-hop fields and those for the
 * gateway itself (Status, Variable-*) are not forwarded.
 *
 * @throws if the response is incomplete, malformed, or longer or shorter than its Content-Length. Part of it may have been
 *   sent: the caller must abandon the exchange.
 */
export async function sendResponse(exchange: HttpExchange, given: ApplicationResponse): Promise<void> {
  const { response, editor } = exchange;
  const edited = editor === undefined ? given : await editor.edit(exchange, given);
  const { status, statusText, headers, body } = edited;
  // RFC 9110, section 15.3.6: a 205 has no content, and says so by its length.
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
  // Send the head at once: the body may come much later, and the client may wait for the head (server-sent events). Not by
  // flushHeaders(): Node.js 20 would encode the head as UTF-8, and so change the bytes of its values.
  response.write(EMPTY);
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

/** Reads an unused body, so that the application can end normally. A long one is aborted. */
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
    throw broken("its Content-Length is not a single number");
  return Number(lengths[0]);
}

function broken(fact: string): ProtocolError {
  return new ProtocolError("ERR_FCGI_RESPONSE_HEADER", `Cannot send response: ${fact}`);
}
