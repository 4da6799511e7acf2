import type { Params } from "../protocol/params.js";
import { HttpError } from "./http-error.js";

/** One number (RFC 3875, section 4.1.2), of as many digits as are sure to be counted exactly. */
const NUMBER = /^\d{1,15}$/;

/**
 * CONTENT_LENGTH in bytes, or undefined where there is none that can be held against the body (RFC 3875, section 4.1.2).
 *
 * Web servers send it empty (nginx, Jetty) or as -1 (Caddy) for a chunked upload. Where HTTP_TRANSFER_ENCODING says that
 * it was chunked, the end of STDIN alone counts.
 */
export function contentLengthOf(params: Params): number | undefined {
  const text = params.get("CONTENT_LENGTH");
  if (text === undefined || !NUMBER.test(text)) return undefined;
  return params.has("HTTP_TRANSFER_ENCODING") ? undefined : Number(text);
}

/**
 * Whether CONTENT_LENGTH is one number, or none: absent, empty or -1. What is neither, or comes as two different ones, is
 * read by no two programs in the same way, and the body behind it with it (RFC 9110, section 8.6). An empty one that comes
 * last takes an earlier one back: `fastcgi_param CONTENT_LENGTH ""` behind nginx's stock file, where both are sent.
 */
export function isLengthSound(params: Params): boolean {
  const text = params.get("CONTENT_LENGTH");
  if (text === undefined || text === "") return true;
  return (NUMBER.test(text) || text === "-1") && params.isUnanimous("CONTENT_LENGTH");
}

/** What answers a request whose length is not {@link isLengthSound sound}. */
export function unsoundLength(): HttpError {
  return new HttpError(400, "The Content-Length of the request is not one number.", {
    code: "ERR_CONTENT_LENGTH",
  });
}
