import type { Params } from "../protocol/params.js";

/**
 * CONTENT_LENGTH in bytes, or undefined where there is none that can be held against the body (RFC 3875, section 4.1.2).
 *
 * Web servers send it empty (nginx, Jetty) or as -1 (Caddy) for a chunked upload. Where HTTP_TRANSFER_ENCODING says that
 * it was chunked, the end of STDIN alone counts.
 */
export function contentLengthOf(params: Params): number | undefined {
  const text = params.get("CONTENT_LENGTH");
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return params.has("HTTP_TRANSFER_ENCODING") ? undefined : Number(text);
}
