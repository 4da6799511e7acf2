import { STATUS_CODES } from "node:http";

import { HeaderError, checkFieldValue, utf8AsLatin1, type ReplyHeaders } from "./header-fields.js";

/** How large a header block may be before it is refused here, which is clearer than the Web server's 502. */
export interface HeadLimits {
  /** Bytes of the block; 8,192 if left out: Jetty takes no more, nginx takes 4 or 8 KiB where nothing is configured. */
  readonly headBytes: number;
  /** Fields of the block; 100 if left out: HAProxy and H2O take no more. */
  readonly headFields: number;
}

/** The limits that hold where nothing else is said: such a block arrives behind every Web server. */
export const defaultHeadLimits: HeadLimits = { headBytes: 8 * 1024, headFields: 100 };

const statusLines = new Map<number, string>();

/**
 * The first line of every answer (RFC 3875, section 6.3.3). Without it most servers would take an answer for a 200.
 *
 * @param reason the reason phrase, each character one byte, where it is not the usual one
 * @throws HeaderError for a phrase that could end the line
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

/** What stands in a header block beside the fields of the reply. */
export interface HeadFacts {
  readonly status: number;
  /** The reason phrase where it is not the usual one of the status. */
  readonly reason?: string | undefined;
  readonly headers: ReplyHeaders | undefined;
  /** The media type to send unless the fields have one; undefined for an answer without content. */
  readonly type: string | undefined;
  /** The content length to send unless the fields have one. */
  readonly length: number | undefined;
  readonly limits?: HeadLimits | undefined;
}

/**
 * Formats a CGI header block (RFC 3875, section 6.2) with its blank line, the status first.
 *
 * @throws HeaderError when the block is larger than the limits
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
 * @throws HeaderError when it is larger than the limits
 */
export function checkHead(head: string, fields: number, limits = defaultHeadLimits): void {
  const { headBytes, headFields } = limits;
  if (head.length <= headBytes && fields <= headFields) return;
  throw new HeaderError(
    `Cannot send header block: it has ${fields} fields and ${head.length} bytes, ` +
      `the limits are ${headFields} and ${headBytes}`,
  );
}

/** The media types that passed the check. Applications use few, so a small bound is enough to check each once. */
const knownTypes = new Map<string, string>();
const KNOWN_TYPES_LIMIT = 64;

/** A media type as it is put into a header block; throws a HeaderError for one that could end its line. */
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
