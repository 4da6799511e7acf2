import { TextDecoder } from "node:util";

import { parseParameters } from "./parameters.js";
import { HttpError } from "./http-error.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Returns the media type in lower case without its parameters; undefined if there is none. */
export function essenceOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined;
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase() || undefined;
}

/** A media type without its parameters (RFC 9110, section 8.3.1). */
const ESSENCE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A quoted pair, whose backslash is dropped (RFC 9110, section 5.6.4). */
const QUOTED_PAIR = /\\([^])/g;

/**
 * Returns the first parameter of a name of a Content-Type; undefined if it is absent or empty, or the field is not a media
 * type. Other malformed parameters are ignored, as browsers do.
 */
export function parameterOf(contentType: string | undefined, name: string): string | undefined {
  return parametersOf(contentType, name)[0];
}

/** Returns all parameters of a name, as {@link parameterOf}. */
export function parametersOf(contentType: string | undefined, name: string): readonly string[] {
  const mark = contentType?.indexOf(";") ?? -1;
  if (contentType === undefined || mark < 0 || !ESSENCE.test(contentType.slice(0, mark).trim())) return [];
  return parseParameters(contentType, mark)
    .filter((parameter) => parameter.name === name && parameter.value !== "")
    .map(({ value, quoted }) => (quoted ? value.replaceAll(QUOTED_PAIR, "$1") : value));
}

/**
 * Decodes bytes to text without a byte order mark, by default as UTF-8.
 *
 * @throws HttpError 415 `ERR_BODY_CHARSET` for an unknown charset, 400 `ERR_BODY_ENCODING` for bytes that are invalid in it
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
 * Decodes bytes of a format that is always UTF-8.
 *
 * @throws HttpError 415 `ERR_BODY_CHARSET` for another charset, 400 `ERR_BODY_ENCODING` for bytes that are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, charset: string | undefined): string {
  // ASCII is a subset of UTF-8, but TextDecoder reads its name as windows-1252.
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
