import { MIMEType, TextDecoder } from "node:util";

import { HttpError } from "./http-error.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The media type in lower case without its parameters; undefined where there is none. */
export function essenceOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined;
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase() || undefined;
}

/** One parameter of a Content-Type; undefined where it is absent, or the field is no media type at all. */
export function parameterOf(contentType: string | undefined, name: string): string | undefined {
  if (contentType === undefined || !contentType.includes(";")) return undefined;
  try {
    return new MIMEType(contentType).params.get(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Bytes as text, without a byte order mark. A charset that is left out is UTF-8.
 *
 * @throws HttpError 415 `ERR_BODY_CHARSET` for an unknown charset, 400 `ERR_BODY_ENCODING` for bytes that are no text in it
 */
export function decodeText(bytes: Uint8Array, charset = "utf-8"): string {
  const decoder = decoderOf(charset);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new HttpError(400, `The body is not valid ${decoder.encoding}.`, {
      code: "ERR_BODY_ENCODING",
    });
  }
}

/**
 * Bytes of a format that is always UTF-8 as text.
 *
 * @throws HttpError 415 `ERR_BODY_CHARSET` for another charset, 400 `ERR_BODY_ENCODING` for bytes that are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, charset: string | undefined): string {
  // ASCII is a part of UTF-8; TextDecoder would take its name for windows-1252.
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) throw unsupportedCharset();
  return decodeText(bytes);
}

function decoderOf(charset: string): TextDecoder {
  if (charset === "utf-8") return utf8;
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw unsupportedCharset();
  }
}

function unsupportedCharset(): HttpError {
  return new HttpError(415, "The charset of the body is not supported.", { code: "ERR_BODY_CHARSET" });
}
