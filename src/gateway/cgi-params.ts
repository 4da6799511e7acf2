import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

import { endToEnd } from "../http/hop-by-hop.js";
import type { HttpExchange } from "./http-exchange.js";

/** SERVER_SOFTWARE. */
export const SERVER_SOFTWARE = "Tricorn";

/**
 * Names that only the gateway sets: those of CGI/1.1 (RFC 3875, section 4.1) except for the user's identity, and those that Web
 * servers have added. An authorizer's variable never replaces or adds one of these.
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
  // Settings of PHP itself.
  "PHP_ADMIN_VALUE",
  "PHP_VALUE",
  "QUERY_STRING",
  "REDIRECT_STATUS",
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

/** Whether only the gateway sets the variable: CGI's, FastCGI's, and all HTTP header fields. */
export function isGatewayName(name: string): boolean {
  return GATEWAY_NAMES.has(name) || name.startsWith("HTTP_") || name.startsWith("FCGI_");
}

/** The host and port of a Host field or an absolute target; undefined if malformed. */
export function parseAuthority(text: string): { host: string; port: string } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::(\d{1,5}))?$/i.exec(text);
  return match === null ? undefined : { host: match[1]!, port: match[2] ?? "" };
}

/** What the variables of all roles depend on besides the HTTP request. */
export interface ParamsContext {
  /** DOCUMENT_ROOT. */
  readonly documentRoot: string;
  /** DOCUMENT_URI: the decoded path that decides about the response, with index.html if it is a folder. */
  readonly documentUri: string;
}

/**
 * The variables of all three roles (RFC 3875, section 4.1; FastCGI, sections 6.2 to 6.4). CONTENT_LENGTH, PATH_INFO,
 * PATH_TRANSLATED and SCRIPT_NAME are not among them, so they also fit an authorizer (section 6.3).
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
 * Adds CONTENT_LENGTH, or HTTP_TRANSFER_ENCODING for a chunked body (RFC 9112, section 6.3), as nginx and Apache do:
 * applications take a request with neither for one without a body. The body itself is forwarded without the chunks.
 */
export function addBodyParams(params: Map<string, string>, { headers }: IncomingMessage): void {
  const length = headers["content-length"];
  if (length !== undefined) params.set("CONTENT_LENGTH", length);
  else if (headers["transfer-encoding"] !== undefined) params.set("HTTP_TRANSFER_ENCODING", "chunked");
}

/** Whether the body's transfer coding is supported: none, or chunked (RFC 9112, section 6.1). */
export function hasKnownCoding({ headers }: IncomingMessage): boolean {
  const coding = headers["transfer-encoding"];
  return coding === undefined || /^chunked$/i.test(coding);
}

/**
 * Adds header fields as HTTP_* (RFC 3875, section 4.1.18), except for names with "_", because `X_User` would become the same
 * variable as `X-User`; `Proxy`, which programs take for their own proxy (CVE-2016-5385); and hop-by-hop fields. The
 * values of a repeated field are joined by ", ", those of Cookie by "; " (RFC 6265, section 5.4).
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
    // They are for the next proxy only (RFC 9110, section 11.7), and the gateway is the last one.
    case "proxy-authenticate":
    case "proxy-authorization":
      return undefined;
    default:
      return /^[a-z0-9-]+$/.test(name) ? `HTTP_${name.replaceAll("-", "_").toUpperCase()}` : undefined;
  }
}

/** An IPv4 address without the `::ffff:` prefix of a dual-stack socket. */
function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
}

/**
 * The text of a header value. HTTP and CGI header values are strings with one character per byte; variables are text and are
 * sent as UTF-8. Bytes that are valid UTF-8 are decoded as such, and others as Latin-1.
 */
export function headerText(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}
