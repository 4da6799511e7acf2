import type { Params } from "../protocol/params.js";
import { HttpError } from "./http-error.js";

/** A number (RFC 3875, section 4.1.2) within the safe integers. */
const NUMBER = /^\d{1,15}$/;

/**
 * Returns CONTENT_LENGTH in bytes, or undefined if the body cannot be checked against it (RFC 3875, section 4.1.2).
 *
 * For a chunked upload, Web servers send it empty (nginx, Jetty) or as -1 (Caddy). With HTTP_TRANSFER_ENCODING only the end of
 * STDIN counts.
 */
export function contentLengthOf(params: Params): number | undefined {
  const text = params.get("CONTENT_LENGTH");
  if (text === undefined || !NUMBER.test(text)) return undefined;
  return params.has("HTTP_TRANSFER_ENCODING") ? undefined : Number(text);
}

/**
 * Whether CONTENT_LENGTH is a single number, or absent, empty or -1. Programs read any other value, or two different ones,
 * differently, and so the body (RFC 9110, section 8.6). An empty last value revokes earlier ones: nginx sends both for
 * `fastcgi_param CONTENT_LENGTH ""` after its stock file.
 */
export function isLengthSound(params: Params): boolean {
  const text = params.get("CONTENT_LENGTH");
  if (text === undefined || text === "") return true;
  return (NUMBER.test(text) || text === "-1") && params.isUnanimous("CONTENT_LENGTH");
}

/** Returns the error for a request whose length is not {@link isLengthSound sound}. */
export function unsoundLength(): HttpError {
  return new HttpError(400, "The Content-Length of the request is not a single number.", {
    code: "ERR_CONTENT_LENGTH",
  });
}
