import { problemReply } from "../roles/failure.js";
import { parseHttpDate } from "../http/http-date.js";
import { HttpError } from "../roles/http-error.js";
import type { Reply } from "../roles/reply.js";
import type { RequestHeaders } from "../roles/request-headers.js";
import { stateOf } from "./conditional.js";

/** The bytes of a body that are asked for, the last one included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A request that may ask for a part. */
export interface Reader {
  readonly method: string;
  readonly headers: RequestHeaders;
}

/**
 * Reads a Range field (RFC 9110, section 14.2) against a body of this length. Of a field that is malformed, is in another
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

/**
 * Cuts what the client asks for out of a reply of status 200 whose body is this one, as a whole (RFC 9110, section 14).
 * A filter that says by Accept-Ranges that it wants no ranges is not asked for them.
 */
export function rangeOf(reply: Reply, body: Buffer, { method, headers }: Reader): Reply {
  if (!reply.headers.has("accept-ranges")) reply.headers.set("Accept-Ranges", "bytes");
  // Section 14.2: for GET alone a range means something.
  const field = method === "GET" ? headers.get("range") : undefined;
  if (field === undefined || reply.headers.get("accept-ranges") !== "bytes") return reply;
  if (!isStill(reply, headers.get("if-range"))) return reply;
  const range = parseByteRange(field, body.length);
  if (range === "whole") return reply;
  const unit = (part: string): string => `bytes ${part}/${body.length}`;
  if (range === "unsatisfiable") {
    const fields = { "Content-Range": unit("*") };
    return problemReply(new HttpError(416, "The range lies outside of the content.", { headers: fields }));
  }
  const { first, last } = range;
  reply.status = 206;
  reply.body = body.subarray(first, last + 1);
  reply.headers.set("Content-Range", unit(`${first}-${last}`));
  return reply;
}

/** If-Range (RFC 9110, section 13.1.5): whether the part that the client has is one of this very content. */
function isStill(reply: Reply, ifRange = ""): boolean {
  if (ifRange === "") return true;
  const { etag, lastModified } = stateOf(reply);
  if (ifRange.endsWith('"')) return ifRange === etag && !etag.startsWith("W/");
  const date = parseHttpDate(ifRange);
  // Section 8.8.2.2: a content may change twice in a second, so the second of a change tells nothing while it lasts.
  return date !== undefined && date === lastModified && date < Math.floor(Date.now() / 1000);
}
