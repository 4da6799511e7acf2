import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

import { headerText } from "./header-text.js";
import { endToEnd } from "../http/hop-by-hop.js";
import type { HttpExchange } from "./http-exchange.js";

/** SERVER_SOFTWARE. */
export const SERVER_SOFTWARE = "Tricorn";

/**
 * Names that only the gateway sets: CGI/1.1 (RFC 3875 section 4.1) without the names that tell who the user is, and
 * what Web servers have added. A variable of an authorizer never takes the place of one of these, be it there or not.
 */
const GATEWAY_NAMES = new Set([
  "CONTENT_LENGTH",
  "CONTENT_TYPE",
  "DOCUMENT_ROOT",
  "DOCUMENT_URI",
  "GATEWAY_INTERFACE",
  "HTTPS",
  "PATH_INFO",
  "PATH_TRANSLATED",
  "QUERY_STRING",
  "REMOTE_ADDR",
  "REMOTE_HOST",
  "REMOTE_PORT",
  "REQUEST_METHOD",
  "REQUEST_SCHEME",
  "REQUEST_URI",
  "SCRIPT_FILENAME",
  "SCRIPT_NAME",
  "SERVER_ADDR",
  "SERVER_NAME",
  "SERVER_PORT",
  "SERVER_PROTOCOL",
  "SERVER_SOFTWARE",
]);

/** Whether a variable of this name is the gateway's to set: CGI's own, the FastCGI ones, and all HTTP headers. */
export function isGatewayName(name: string): boolean {
  return GATEWAY_NAMES.has(name) || name.startsWith("HTTP_") || name.startsWith("FCGI_");
}

/** Host and port as a Host header or an absolute target names them; undefined where the text is neither. */
export function parseAuthority(text: string): { host: string; port: string } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::(\d{1,5}))?$/i.exec(text);
  return match === null ? undefined : { host: match[1]!, port: match[2] ?? "" };
}

/** What the variables of every role depend on beside the HTTP request. */
export interface ParamsContext {
  /** DOCUMENT_ROOT. */
  readonly documentRoot: string;
  /** DOCUMENT_URI: the decoded path that the answer is decided by, with index.html where it names a folder. */
  readonly documentUri: string;
}

/**
 * The variables that all three roles get (RFC 3875 section 4.1; FastCGI sections 6.2 to 6.4). Without CONTENT_LENGTH,
 * PATH_INFO, PATH_TRANSLATED and SCRIPT_NAME, so that they fit an authorizer as they are (section 6.3).
 */
export function commonParams(
  { request, path, method }: HttpExchange,
  { documentRoot, documentUri }: ParamsContext,
): Map<string, string> {
  const { socket } = request;
  const secure = socket instanceof TLSSocket;
  const authority = parseAuthority(path.authority ?? request.headers.host ?? "");
  const params = new Map([
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", SERVER_SOFTWARE],
    ["SERVER_PROTOCOL", `HTTP/${request.httpVersion}`],
    ["SERVER_NAME", authority?.host ?? plainAddress(socket.localAddress)],
    ["SERVER_PORT", String(socket.localPort ?? "")],
    ["SERVER_ADDR", plainAddress(socket.localAddress)],
    ["REMOTE_ADDR", plainAddress(socket.remoteAddress)],
    ["REMOTE_PORT", String(socket.remotePort ?? "")],
    ["REQUEST_METHOD", method],
    ["REQUEST_SCHEME", secure ? "https" : "http"],
    ["REQUEST_URI", path.target],
    ["QUERY_STRING", path.query],
    ["DOCUMENT_ROOT", documentRoot],
    ["DOCUMENT_URI", documentUri],
  ]);
  if (secure) params.set("HTTPS", "on");
  addHeaderParams(params, request, path.authority);
  return params;
}

/**
 * Adds what tells of the request body: CONTENT_LENGTH where the client told it, else that the body came in chunks
 * (RFC 9112 section 6.3), as nginx and Apache do: what takes a request without either for one without a body finds it. The
 * body itself is handed on without the chunks.
 */
export function addBodyParams(params: Map<string, string>, { headers }: IncomingMessage): void {
  const length = headers["content-length"];
  if (length !== undefined) params.set("CONTENT_LENGTH", length);
  else if (headers["transfer-encoding"] !== undefined) params.set("HTTP_TRANSFER_ENCODING", "chunked");
}

/** Whether the body came in a form that is understood: as it is, or in chunks (RFC 9112 section 6.1). */
export function hasKnownCoding({ headers }: IncomingMessage): boolean {
  const coding = headers["transfer-encoding"];
  return coding === undefined || /^chunked$/i.test(coding);
}

/**
 * Header fields as HTTP_* (RFC 3875 section 4.1.18). A name with "_" is dropped: `X_User` would become the same
 * variable as `X-User`. So is `Proxy`, which programs take for their own proxy (CVE-2016-5385), and what belongs to
 * the connection. A repeated field is joined by ", ", a repeated Cookie by "; " (RFC 6265 section 5.4).
 */
function addHeaderParams(
  params: Map<string, string>,
  { rawHeaders }: IncomingMessage,
  authority: string | undefined,
): void {
  const fields: [name: string, value: string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) fields.push([rawHeaders[at]!, rawHeaders[at + 1]!]);
  for (const [name, value] of endToEnd(fields)) {
    const variable = headerVariable(name.toLowerCase());
    if (variable === undefined) continue;
    const earlier = params.get(variable);
    const text = headerText(value);
    const separator = variable === "HTTP_COOKIE" ? "; " : ", ";
    params.set(variable, earlier === undefined ? text : earlier + separator + text);
  }
  if (authority !== undefined) params.set("HTTP_HOST", authority);
}

function headerVariable(name: string): string | undefined {
  switch (name) {
    case "content-type":
      return "CONTENT_TYPE";
    case "content-length":
    case "expect":
    case "proxy":
    // What a proxy asks and is told (RFC 9110 section 11.7); the gateway is at the end of that way.
    case "proxy-authenticate":
    case "proxy-authorization":
      return undefined;
    default:
      return /^[a-z0-9-]+$/.test(name) ? `HTTP_${name.replaceAll("-", "_").toUpperCase()}` : undefined;
  }
}

/** An IPv4 address without the wrapping that a dual-stack socket puts around it. */
function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
}
