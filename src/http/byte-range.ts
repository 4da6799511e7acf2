import { parseHttpDate } from "./http-date.js";
import type { FieldLookup, StateFacts } from "./preconditions.js";

/** The requested bytes of a representation, including the last one. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A request that may have a Range field. */
export interface RangeRequest {
  readonly method: string;
  readonly headers: FieldLookup;
}

/** The representation that a range is selected from. */
export interface RangedContent {
  /** Bytes. */
  readonly length: number;
  readonly state: StateFacts;
}

/**
 * Selects what to send of a representation that would be sent as a 200 (RFC 9110, sections 13.2.2 and 14.2). A range counts
 * only for GET, and with If-Range only if the client has a part of this same representation.
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
 * Parses a Range field (RFC 9110, section 14.2) for a representation of this length in bytes. A field that is malformed, has
 * another unit or more than one range is ignored: a server may send the whole instead.
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

/** Formats Content-Range (section 14.4); without a range, that of a 416, which has the length only. */
export function formatContentRange(length: number, range?: ByteRange): string {
  return range === undefined ? `bytes */${length}` : `bytes ${range.first}-${range.last}/${length}`;
}

/** Evaluates If-Range (RFC 9110, section 13.1.5): whether the client's part belongs to this representation. */
function isStill({ etag, lastModified }: StateFacts, ifRange = ""): boolean {
  if (ifRange === "") return true;
  if (ifRange.endsWith('"')) return ifRange === etag && !etag.startsWith("W/");
  const date = parseHttpDate(ifRange);
  // Section 8.8.2.2: a representation may change twice in one second, so its date is weak until that second has passed.
  return date !== undefined && date === lastModified && date < Math.floor(Date.now() / 1000);
}
