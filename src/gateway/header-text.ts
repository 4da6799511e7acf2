import { isUtf8 } from "node:buffer";

/**
 * The text that a header value stands for. HTTP and CGI header values are bytes and are handed around with one
 * character for each; variables are text and leave as UTF-8. So UTF-8 passes through byte for byte, and bytes that are
 * none are taken for latin-1.
 */
export function headerText(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}
