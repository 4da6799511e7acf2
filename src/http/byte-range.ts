import { parseHttpDate } from "./http-date.js";
import type { FieldLookup, StateFacts } from "./preconditions.js";

/** The bytes of a content that are asked for, the last one included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A request that may ask for a part. */
export interface RangeRequest {
  readonly method: string;
  readonly headers: FieldLookup;
}

/** What a part is asked of. */
export interface RangedContent {
  /** Bytes. */
  readonly length: number;
  readonly state: StateFacts;
}

/**
 * What of a content is to be sent where it would be sent as a whole, with status 200 (RFC 9110, sections 13.2.2 and 14.2).
 * A range means something for GET alone, and where If-Range is there, only for a client whose part is one of this very
 * content.
 */
export function selectRange(
  { method, headers }: RangeRequest,
  { length, state }: RangedContent,
): ByteRange | "whole" | "unsatisfiable" {
  const field = method === "GET" ? headers.get("range") : undefined;
  if (field === undefined || !isStill(state, headers.get("if-range"))) return "whole";
  return parseByteRange(field, length);
}

/**
 * Reads a Range field (RFC 9110, section 14.2) against a content of this length. Of a field that is malformed, is in another
 * unit, or asks for more than one range nothing follows: a server may send the whole instead.
 */
export function parseByteRange(field: string, length: number): ByteRange | "whole" | "unsatisfiable" {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(field.trim());
  if (match === null) return "whole";
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return "whole";
  if (from === "") {
    const suffix = Math.min(Number(to), length);
    return suffix === 0 ? "unsatisfiable" : { first: length - suffix, last: length - 1 };
  }
  const first = Number(from);
  if (to !== "" && Number(to) < first) return "whole";
  if (first >= length) return "unsatisfiable";
  return { first, last: to === "" ? length - 1 : Math.min(Number(to), length - 1) };
}

/** Formats Content-Range (section 14.4); without a range that of a 416, which tells the length alone. */
export function formatContentRange(length: number, range?: ByteRange): string {
  return range === undefined ? `bytes */${length}` : `bytes ${range.first}-${range.last}/${length}`;
}

/** If-Range (RFC 9110, section 13.1.5): whether the part that the client has is one of this very content. */
function isStill({ etag, lastModified }: StateFacts, ifRange = ""): boolean {
  if (ifRange === "") return true;
  if (ifRange.endsWith('"')) return ifRange === etag && !etag.startsWith("W/");
  const date = parseHttpDate(ifRange);
  // Section 8.8.2.2: a content may change twice in a second, so the second of a change tells nothing while it lasts.
  return date !== undefined && date === lastModified && date < Math.floor(Date.now() / 1000);
}
