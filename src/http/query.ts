import type { Params } from "../protocol/params.js";

/**
 * Returns the query of a request, without its question mark: that of REQUEST_URI, as the client wrote it, unless the Web
 * server has set another one. A rewrite such as nginx's `try_files $uri /index.php?page=$uri` shows in QUERY_STRING only
 * (RFC 3875, section 4.1.7). A QUERY_STRING that differs only in its encoding is not another one: lighttpd encodes it
 * anew, and some servers decode it, which would split "a%26b".
 *
 * @param requested the query of REQUEST_URI
 */
export function queryOf(params: Params, requested: string): string {
  const query = params.get("QUERY_STRING") ?? "";
  return query === "" || query === requested || isEncodingOf(requested, query) ? requested : query;
}

function isEncodingOf(requested: string, query: string): boolean {
  const decoded = percentDecode(requested);
  return decoded === percentDecode(query) || decoded === Buffer.from(query).toString("latin1");
}

/** Percent-decodes to one character per byte; malformed escapes stay. */
function percentDecode(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Parses a query or a urlencoded form into decoded names and values. */
export function parseUrlEncoded(text: string): URLSearchParams {
  // URLSearchParams takes several times as long for a plus as for a space, because it builds the text piecewise.
  const spaced = text.replaceAll("+", " ");
  // URLSearchParams drops a leading question mark, which here belongs to the first name.
  return new URLSearchParams(spaced.startsWith("?") ? `&${spaced}` : spaced);
}
