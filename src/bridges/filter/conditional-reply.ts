import { formatContentRange, selectRange, type RangeRequest } from "../../http/byte-range.js";
import { problemReply } from "../../roles/error-reply.js";
import { parseHttpDate } from "../../http/http-date.js";
import { HttpError } from "../../http/http-error.js";
import { evaluatePreconditions, isGuarded, type StateFacts } from "../../http/preconditions.js";
import { stopBody } from "../../roles/reply-content.js";
import type { Reply } from "../../roles/reply.js";
import type { RequestHeaders } from "../../http/request-headers.js";

/** What describes the content that a 304 does not have (RFC 9110, section 15.4.5). */
const CONTENT_FIELDS = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-language",
  "content-range",
];

/** The validators of a reply. */
export function validatorsIn({ headers }: Reply): StateFacts {
  return {
    etag: headers.get("etag"),
    lastModified: parseHttpDate(headers.get("last-modified") ?? ""),
  };
}

/** Whether the validators identify the reply. If its tag may turn out to cover too little, no copy counts as current. */
export interface Comparison {
  readonly isComparable: boolean;
}

/** Evaluates the preconditions of a GET or HEAD against a reply of status 200: the reply, a 304 or a 412. */
export function underConditions(reply: Reply, headers: RequestHeaders, { isComparable }: Comparison): Reply {
  const state = validatorsIn(reply);
  // Without validators no client has a copy of it, and "*" would still match.
  if (state.etag === undefined && state.lastModified === undefined && !isGuarded(headers)) return reply;
  switch (evaluatePreconditions(headers, state)) {
    case "not modified":
      if (!isComparable) return reply;
      // sendReply drops its body.
      reply.status = 304;
      for (const name of CONTENT_FIELDS) reply.headers.delete(name);
      return reply;
    case "proceed":
      return reply;
    case "failed":
      stopBody(reply.body);
      return problemReply(new HttpError(412, "The file does not meet the preconditions of the request."));
  }
}

/**
 * Cuts the range that the client asks for out of a reply of status 200 with this complete body (RFC 9110, section 14). A
 * filter opts out with an Accept-Ranges field other than "bytes".
 */
export function rangedReply(reply: Reply, body: Buffer, request: RangeRequest): Reply {
  if (!reply.headers.has("accept-ranges")) reply.headers.set("Accept-Ranges", "bytes");
  if (reply.headers.get("accept-ranges") !== "bytes") return reply;
  const range = selectRange(request, { length: body.length, state: validatorsIn(reply) });
  if (range === "whole") return reply;
  if (range === "unsatisfiable") {
    const fields = { "Content-Range": formatContentRange(body.length) };
    return problemReply(new HttpError(416, "The range is outside the content.", { headers: fields }));
  }
  reply.status = 206;
  reply.body = body.subarray(range.first, range.last + 1);
  reply.headers.set("Content-Range", formatContentRange(body.length, range));
  return reply;
}
