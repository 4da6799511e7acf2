import { STATUS_CODES, type ServerResponse } from "node:http";

import { ClientError } from "../client/index.js";
import { ProtocolError } from "../errors.js";
import { allowField } from "../http/method-not-allowed.js";

/** Optional fields of {@link respondWithStatus}. */
export interface StatusResponseFields {
  /** Additional header fields, such as Location or Allow. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends the gateway's own response: the status and its name as text, without any details of a failure. If a response has
 * already begun, the connection is destroyed, so that the client sees that it is incomplete.
 */
export function respondWithStatus(
  response: ServerResponse,
  status: number,
  { headers = {} }: StatusResponseFields = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = `${status} ${STATUS_CODES[status] ?? ""}\n`;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.statusMessage = "";
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    ...headers,
  });
  response.end(body);
}

/** Responds with 405 and the allowed methods (RFC 9110, section 15.5.6). */
export function respondMethodNotAllowed(response: ServerResponse, methods: readonly string[]): void {
  respondWithStatus(response, 405, { headers: allowField(methods) });
}

/** The HTTP status for a failure: 504 if the application did not respond in time, 502 if it could not be reached. */
export function failureStatus(error: unknown): number {
  if (error instanceof ProtocolError) return 502;
  if (!(error instanceof ClientError)) return 500;
  switch (error.code) {
    case "ERR_CLIENT_TIMEOUT":
      return 504;
    case "ERR_CLIENT_OVERLOADED":
      return 503;
    case "ERR_CLIENT_BODY":
      return 500;
    default:
      return 502;
  }
}
