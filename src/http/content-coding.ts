import { HttpError } from "./http-error.js";

/**
 * Refuses content that is coded, compressed for one, where it has to be understood: nothing here decodes it, and the bytes
 * of the coding are no text. RFC 9110, section 15.5.16, and RFC 7694: Accept-Encoding tells what would be taken.
 *
 * @param codings the values of Content-Encoding; `identity` and nothing are no coding
 * @throws HttpError 415 `ERR_BODY_CODING`
 */
export function requireNoCoding(codings: readonly string[]): void {
  const isPlain = (coding: string): boolean => /^(?:identity)?$/i.test(coding.trim());
  if (codings.every((value) => value.split(",").every(isPlain))) return;
  throw new HttpError(415, "The body has a Content-Encoding, and none is supported.", {
    code: "ERR_BODY_CODING",
    headers: { "Accept-Encoding": "identity" },
  });
}
