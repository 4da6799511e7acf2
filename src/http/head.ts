import { STATUS_CODES } from "node:http";

import { HeaderError, checkFieldValue, utf8AsLatin1, type ReplyHeaders } from "./header-fields.js";

/** Limits of a header block. A larger one is refused here, because the Web server would only answer 502. */
export interface HeadLimits {
  /** Bytes of the block; 8,192 by default: the most that Jetty takes. nginx takes 4 or 8 KiB by default. */
  readonly headBytes: number;
  /** Fields of the block; 100 by default: the most that HAProxy and H2O take. */
  readonly headFields: number;
}

/** The default limits. Every tested Web server takes such a block. */
export const defaultHeadLimits: HeadLimits = { headBytes: 8 * 1024, headFields: 100 };

const statusLines = new Map<number, string>();

/**
 * Formats the first line of an answer (RFC 3875, section 6.3.3). Without it most servers would send a 200.
 *
 * @param reason the reason phrase, one character per byte; by default the usual one
 * @throws HeaderError for a phrase with control characters
 */
export function statusLine(status: number, reason?: string): string {
  if (reason !== undefined) {
    checkFieldValue("Status", reason);
    return `Status: ${status} ${reason}\r\n`;
  }
  let line = statusLines.get(status);
  if (line === undefined) {
    const reason = STATUS_CODES[status];
    line = reason === undefined ? `Status: ${status}\r\n` : `Status: ${status} ${reason}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}

/** The contents of a header block. */
export interface HeadFacts {
  readonly status: number;
  /** The reason phrase; by default the usual one of the status. */
  readonly reason?: string | undefined;
  readonly headers: ReplyHeaders | undefined;
  /** The media type, unless the fields have one; undefined for an answer without content. */
  readonly type: string | undefined;
  /** The content length in bytes, unless the fields have one. */
  readonly length: number | undefined;
  readonly limits?: HeadLimits | undefined;
}

/**
 * Formats a CGI header block (RFC 3875, section 6.2) with its blank line, the status first.
 *
 * @throws HeaderError if the block exceeds the limits
 */
export function formatHead({ status, reason, headers, type, length, limits }: HeadFacts): string {
  let head = statusLine(status, reason);
  if (type !== undefined && headers?.has("content-type") !== true)
    head += `Content-Type: ${checkedType(type)}\r\n`;
  if (length !== undefined && headers?.has("content-length") !== true)
    head += `Content-Length: ${length}\r\n`;
  if (headers !== undefined && headers.size > 0) {
    for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
    checkHead(head, headers.size, limits);
  }
  return head + "\r\n";
}

/**
 * Checks the size of a header block.
 *
 * @throws HeaderError if it exceeds the limits
 */
export function checkHead(head: string, fields: number, limits = defaultHeadLimits): void {
  const { headBytes, headFields } = limits;
  if (head.length <= headBytes && fields <= headFields) return;
  throw new HeaderError(
    `Cannot send header block: it has ${fields} fields and ${head.length} bytes, ` +
      `the limits are ${headFields} and ${headBytes}`,
  );
}

/** Checked media types. Applications use few, so a small cache checks each only once. */
const knownTypes = new Map<string, string>();
const KNOWN_TYPES_LIMIT = 64;

/** Returns a media type as bytes of a header block. Throws a HeaderError for one with control characters. */
export function checkedType(type: string): string {
  const known = knownTypes.get(type);
  if (known !== undefined) return known;
  const text = utf8AsLatin1(type);
  checkFieldValue("Content-Type", text);
  if (text.length > defaultHeadLimits.headBytes)
    throw new HeaderError("Cannot set header Content-Type: it is too long");
  if (knownTypes.size < KNOWN_TYPES_LIMIT) knownTypes.set(type, text);
  return text;
}
