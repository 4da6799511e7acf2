import { isUtf8 } from "node:buffer";

import { parseParameters, type Parameter } from "../http/parameters.js";
import { HttpError } from "../http/http-error.js";
import { essenceOf } from "../http/media-type.js";

/** The header of a part (RFC 7578, section 4). */
export interface PartHeader {
  readonly name: string;
  /** As received; undefined if there is none. */
  readonly filename: string | undefined;
  /** The media type in lower case without parameters; `text/plain` by default. */
  readonly type: string;
}

/** RFC 9110, section 5.1; whitespace before the colon is not allowed. */
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(.*)$/s;
/** A line end within a field (RFC 5322, section 2.2.3): the next line begins with whitespace. */
const FOLDED = /\r\n(?=[ \t])/g;

/** The fields that are read; each may occur only once. */
const READ: ReadonlySet<string> = new Set([
  "content-disposition",
  "content-type",
  "content-transfer-encoding",
]);

/** The encodings that leave the content unchanged (RFC 2045, section 6.2). */
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);

/**
 * Parses the header of a part. An ambiguous or malformed header is refused, because a skipped part would be lost silently.
 *
 * @param block all lines, each with its CRLF, without the empty line after them
 * @throws HttpError 400 `ERR_BODY_MULTIPART`
 */
export function parsePartHeader(block: Buffer, { fields: limit }: { readonly fields: number }): PartHeader {
  const fields = new Map<string, string>();
  const text = textOf(block).replaceAll(FOLDED, "");
  let count = 0;
  for (const line of text === "" ? [] : text.slice(0, -2).split("\r\n")) {
    count += 1;
    if (!(count <= limit)) throw malformedForm(`a part has more than ${limit} header fields`);
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined || /[\r\n]/.test(value))
      throw malformedForm("a line in the header of a part is not a field");
    const lower = name.toLowerCase();
    if (!READ.has(lower)) continue;
    if (fields.has(lower)) throw malformedForm(`a part has ${name} twice`);
    fields.set(lower, value.trim());
  }
  const encoding = fields.get("content-transfer-encoding")?.toLowerCase() ?? "";
  // RFC 7578, section 4.7 deprecates it. Left encoded, the content would be wrong.
  if (encoding !== "" && !PLAIN_ENCODINGS.has(encoding))
    throw malformedForm("a part has a Content-Transfer-Encoding, which forms do not have");
  return {
    ...parseDisposition(fields.get("content-disposition")),
    type: essenceOf(fields.get("content-type")) ?? "text/plain",
  };
}

/** Parses `form-data; name="…"; filename="…"` (RFC 7578, section 4.2). */
function parseDisposition(field: string | undefined): Pick<PartHeader, "name" | "filename"> {
  if (field === undefined) throw malformedForm("it has a part without Content-Disposition");
  const mark = field.indexOf(";");
  const kind = (mark < 0 ? field : field.slice(0, mark)).trim().toLowerCase();
  if (kind !== "form-data") throw malformedForm("a part has a Content-Disposition other than form-data");
  const values = new Map<string, string>();
  for (const parameter of mark < 0 ? [] : parseParameters(field, mark)) {
    const { name, wellFormed } = parameter;
    if (!wellFormed) throw malformedForm("a part has a malformed Content-Disposition");
    if (values.has(name)) throw malformedForm("a part repeats a parameter of its Content-Disposition");
    values.set(name, name.endsWith("*") ? extendedText(parameter) : plainText(parameter));
  }
  const name = values.get("name*") ?? values.get("name");
  if (name === undefined) throw malformedForm("it has a part without a name");
  return { name, filename: values.get("filename*") ?? values.get("filename") };
}

/** A backslash only escapes a quote or a backslash: some clients send Windows paths unescaped. */
function plainText({ value, quoted }: Parameter): string {
  return quoted ? value.replaceAll(/\\(["\\])/g, "$1") : value;
}

/** Decodes `UTF-8''%e2%82%ac` (RFC 8187), which some clients send although RFC 7578 forbids it. */
function extendedText({ value }: Parameter): string {
  const [, charset, encoded] =
    /^(utf-8|iso-8859-1)'[A-Za-z0-9-]*'([!#$&+\-.^_`|~%0-9A-Za-z]*)$/i.exec(value) ?? [];
  if (charset === undefined || encoded === undefined || /%(?![0-9A-Fa-f]{2})/.test(encoded))
    throw malformedForm("a name in it is not encoded as RFC 8187 requires");
  const bytes = encoded.replaceAll(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (charset.toLowerCase() === "iso-8859-1") return bytes;
  const text = Buffer.from(bytes, "latin1");
  if (!isUtf8(text)) throw malformedForm("a name in it is not UTF-8");
  return text.toString();
}

/** Decodes as UTF-8, which browsers send, or as latin-1 if it is invalid, as params are. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
}

/** Returns the error for a body that is not a valid form. */
export function malformedForm(fact: string): HttpError {
  return new HttpError(400, `The body is not a valid form: ${fact}.`, { code: "ERR_BODY_MULTIPART" });
}
