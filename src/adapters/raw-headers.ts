import { compactText } from "../protocol/compact-text.js";
import type { Params } from "../protocol/params.js";
import { contentLengthOf } from "../http/content-length.js";
import { RequestHeaders } from "../http/request-headers.js";
import type { ResponderRequest } from "../roles/responder-request.js";

const PREFIX = "HTTP_";

/** Field names by variable name. A site uses few; the bound keeps clients from filling the cache with invented ones. */
const fieldNames = new Map<string, string>();
const MAX_FIELD_NAMES = 256;
const MAX_NAME_LENGTH = 64;

/** Fields that have a variable without the prefix, which counts (RFC 3875, section 4.1), or that are not passed on as sent. */
const skippedFields: ReadonlySet<string> = new Set(["content-type", "content-length", "transfer-encoding"]);
/** The length of the shortest of them. */
const SHORTEST_SKIPPED = "content-type".length;

/**
 * Whether the params do not say if there is a body: behind Jetty, nginx over HTTP/2 without buffering, and Apache, the
 * length of an upload can be empty or absent without HTTP_TRANSFER_ENCODING. GET and HEAD have no body unless one is
 * announced.
 */
export function isBodyUnannounced({ method, params }: ResponderRequest): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const length = params.get("CONTENT_LENGTH");
  return (length === undefined || length === "") && !params.has("HTTP_TRANSFER_ENCODING");
}

/** Whether a request has a body, or may have one. */
export function hasBody(request: ResponderRequest): boolean {
  const { method, params } = request;
  if (isBodyUnannounced(request) || params.has("HTTP_TRANSFER_ENCODING")) return true;
  const length = params.get("CONTENT_LENGTH");
  return contentLengthOf(params) !== 0 && ((method !== "GET" && method !== "HEAD") || (length ?? "") !== "");
}

/** The {@link headerLines} of a request. An unannounced body counts unless STDIN has ended empty by now. */
export function requestHeaderLines(request: ResponderRequest): string[] {
  const lines = headerLines(request.params);
  const { stdinEnded } = request.exchange;
  if (isBodyUnannounced(request) && !(stdinEnded && request.exchange.stdin.received === 0))
    lines.push("transfer-encoding", "chunked");
  return lines;
}

/**
 * The header fields of a request like `rawHeaders` of node:http: alternating names and values, names in lower case, one byte
 * for each character of a value.
 *
 * A body of unknown length has `transfer-encoding: chunked`, so that readers know that it exists. It is no longer chunked.
 */
export function headerLines(params: Params): string[] {
  const lines: string[] = [];
  const variables = params.bytesOf(PREFIX);
  let isChunked = false;
  let hasAuthorization = false;
  for (let index = 0; index < variables.length; index += 2) {
    const name = nameOf(variables[index]!);
    if (name.length >= SHORTEST_SKIPPED && skippedFields.has(name)) {
      isChunked ||= name === "transfer-encoding";
      continue;
    }
    hasAuthorization ||= name === "authorization";
    lines.push(name, variables[index + 1]!);
  }
  // Jetty passes it in another variable.
  const authorization = hasAuthorization ? undefined : new RequestHeaders(params).get("authorization");
  if (authorization !== undefined) lines.push("authorization", asBytes(authorization));
  const type = params.get("CONTENT_TYPE");
  if (type !== undefined && type !== "") lines.push("content-type", asBytes(type));
  const length = params.get("CONTENT_LENGTH");
  if (length === undefined || length === "") {
    if (isChunked) lines.push("transfer-encoding", "chunked");
  } else {
    // Caddy 2.6 sends -1 for an unknown length.
    const valid = contentLengthOf(params);
    if (valid === undefined) lines.push("transfer-encoding", "chunked");
    else lines.push("content-length", String(valid));
  }
  return lines;
}

function nameOf(variable: string): string {
  let name = fieldNames.get(variable);
  if (name === undefined) {
    name = variable.slice(PREFIX.length).toLowerCase().replaceAll("_", "-");
    if (fieldNames.size >= MAX_FIELD_NAMES) fieldNames.clear();
    if (variable.length <= MAX_NAME_LENGTH) fieldNames.set(compactText(variable), compactText(name));
  }
  return name;
}

function asBytes(text: string): string {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text).toString("latin1") : text;
}
