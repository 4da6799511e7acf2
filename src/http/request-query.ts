import type { Params } from "../protocol/params.js";

/**
 * The query of a request, without its question mark.
 *
 * It is that of REQUEST_URI, as the client wrote it, unless the Web server has made another one: a rewrite, such as nginx's
 * `try_files $uri /index.php?page=$uri`, shows in QUERY_STRING alone (RFC 3875, section 4.1.7). One that differs in its
 * encoding only is the same: lighttpd encodes it anew, and some decode it, which would take "a%26b" apart.
 */
export function queryOf(params: Params, asked: string): string {
  const told = params.get("QUERY_STRING") ?? "";
  return told === "" || told === asked || isEncodingOf(asked, told) ? asked : told;
}

function isEncodingOf(asked: string, told: string): boolean {
  const decoded = decodeBytes(asked);
  return decoded === decodeBytes(told) || decoded === Buffer.from(told).toString("latin1");
}

/** Percent-decoding to bytes, one character each; what is no escape stays. */
function decodeBytes(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
