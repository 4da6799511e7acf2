import { compactText } from "../protocol/compact.js";
import type { Params } from "../protocol/params.js";
import { contentLengthOf } from "../http/content-length.js";
import { RequestHeaders } from "../http/request-headers.js";
import type { ResponderRequest } from "../roles/responder-request.js";

const PREFIX = "HTTP_";

/** The names of fields by those of variables. A site sees few; what clients make up is forgotten again. */
const knownNames = new Map<string, string>();
const KNOWN_NAMES_LIMIT = 256;
const KNOWN_NAME_LENGTH = 64;

/** What is told without the prefix too, by a variable of its own that counts (RFC 3875, section 4.1), or not as it was. */
const toldElsewhere: ReadonlySet<string> = new Set(["content-type", "content-length", "transfer-encoding"]);
/** The length of the shortest of them. */
const SHORTEST_TOLD = "content-type".length;

/**
 * Whether nothing is told of a body that may come: behind Jetty, behind nginx over HTTP/2 without buffering, and behind
 * Apache the length of an upload is empty or absent, and no HTTP_TRANSFER_ENCODING says that there is one. GET and HEAD
 * have no body unless one is announced.
 */
export function isUndecided({ method, params }: ResponderRequest): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const length = params.get("CONTENT_LENGTH");
  return (length === undefined || length === "") && !params.has("HTTP_TRANSFER_ENCODING");
}

/** Whether a request has a body, or may have one. */
export function hasBody(request: ResponderRequest): boolean {
  const { method, params } = request;
  if (isUndecided(request) || params.has("HTTP_TRANSFER_ENCODING")) return true;
  const length = params.get("CONTENT_LENGTH");
  return contentLengthOf(params) !== 0 && ((method !== "GET" && method !== "HEAD") || (length ?? "") !== "");
}

/** The {@link headerLines} of a request; of one that is undecided, as far as is known by now. */
export function requestLines(request: ResponderRequest): string[] {
  const lines = headerLines(request.params);
  const { stdinEnded } = request.exchange;
  if (isUndecided(request) && !(stdinEnded && request.exchange.stdin.received === 0))
    lines.push("transfer-encoding", "chunked");
  return lines;
}

/**
 * The header fields of a request as HTTP servers for Node.js tell them: name and value of each line one behind the other,
 * names in lower case, each character of a value one byte.
 *
 * A body whose length nobody announced has `transfer-encoding: chunked`, by which readers know that there is one. It is
 * in chunks no more.
 */
export function headerLines(params: Params): string[] {
  const lines: string[] = [];
  const variables = params.bytesOf(PREFIX);
  let isChunked = false;
  let hasAuthorization = false;
  for (let index = 0; index < variables.length; index += 2) {
    const name = nameOf(variables[index]!);
    if (name.length >= SHORTEST_TOLD && toldElsewhere.has(name)) {
      isChunked ||= name === "transfer-encoding";
      continue;
    }
    hasAuthorization ||= name === "authorization";
    lines.push(name, variables[index + 1]!);
  }
  // What Jetty tells of it stands elsewhere.
  const authorization = hasAuthorization ? undefined : new RequestHeaders(params).get("authorization");
  if (authorization !== undefined) lines.push("authorization", asBytes(authorization));
  const type = params.get("CONTENT_TYPE");
  if (type !== undefined && type !== "") lines.push("content-type", asBytes(type));
  const length = params.get("CONTENT_LENGTH");
  if (length === undefined || length === "") {
    if (isChunked) lines.push("transfer-encoding", "chunked");
  } else {
    // Caddy 2.6 says -1 where it does not know.
    const known = contentLengthOf(params);
    if (known === undefined) lines.push("transfer-encoding", "chunked");
    else lines.push("content-length", String(known));
  }
  return lines;
}

function nameOf(variable: string): string {
  let name = knownNames.get(variable);
  if (name === undefined) {
    name = variable.slice(PREFIX.length).toLowerCase().replaceAll("_", "-");
    if (knownNames.size >= KNOWN_NAMES_LIMIT) knownNames.clear();
    if (variable.length <= KNOWN_NAME_LENGTH) knownNames.set(compactText(variable), compactText(name));
  }
  return name;
}

function asBytes(text: string): string {
  return /[^\0-\x7f]/.test(text) ? Buffer.from(text).toString("latin1") : text;
}
