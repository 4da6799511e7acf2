import { formatContentRange, selectRange, type RangeRequest } from "../../http/byte-range.js";
import { problemReply } from "../../roles/failure.js";
import { HttpError } from "../../http/http-error.js";
import type { Reply } from "../../roles/reply.js";
import { stateOf } from "./conditional.js";

/**
 * Cuts what the client asks for out of a reply of status 200 whose body is this one, as a whole (RFC 9110, section 14).
 * A filter that says by Accept-Ranges that it wants no ranges is not asked for them.
 */
export function rangedReply(reply: Reply, body: Buffer, request: RangeRequest): Reply {
  if (!reply.headers.has("accept-ranges")) reply.headers.set("Accept-Ranges", "bytes");
  if (reply.headers.get("accept-ranges") !== "bytes") return reply;
  const range = selectRange(request, { length: body.length, state: stateOf(reply) });
  if (range === "whole") return reply;
  if (range === "unsatisfiable") {
    const fields = { "Content-Range": formatContentRange(body.length) };
    return problemReply(new HttpError(416, "The range lies outside of the content.", { headers: fields }));
  }
  reply.status = 206;
  reply.body = body.subarray(range.first, range.last + 1);
  reply.headers.set("Content-Range", formatContentRange(body.length, range));
  return reply;
}
