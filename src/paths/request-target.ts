import type { Params } from "../protocol/params.js";
import { formOf } from "./path-variables.js";

/** A target in absolute-form (RFC 9112, section 3.2.2): its authority, and what follows. */
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)(.*)$/s;

/** A request target in origin-form: scheme and authority of an absolute-form are cut off, others stay as they are. */
export function originForm(target: string): string {
  if (target === "" || target.charCodeAt(0) === 0x2f) return target;
  const rest = ABSOLUTE_FORM.exec(target)?.[2];
  if (rest === undefined) return target;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** The authority of a request target in absolute-form; undefined for other forms. It goes before that of Host. */
export function authorityOf(target: string): string | undefined {
  if (target === "" || target.charCodeAt(0) === 0x2f) return undefined;
  return ABSOLUTE_FORM.exec(target)?.[1];
}

/**
 * The request target in origin-form, its path percent-encoded, whatever the Web server has made of it; empty where it sends
 * no REQUEST_URI.
 */
export function targetOf(params: Params): string {
  const uri = params.get("REQUEST_URI") ?? "";
  if (uri === "") return uri;
  return formOf(params, "REQUEST_URI") === "raw" ? originForm(uri) : encodedTarget(params, uri);
}

/**
 * The target that a server has decoded but for its query. A question mark in it may have been "%3F", so the path ends where
 * QUERY_STRING begins; and where that is no end of REQUEST_URI because the server has rewritten it, all of it is the path.
 * To cut it at a question mark would make "/private" of a path that the server did not protect as that.
 */
function encodedTarget(params: Params, uri: string): string {
  const query = params.get("QUERY_STRING") ?? "";
  const bytes = params.getBytes("REQUEST_URI")!;
  if (query === "" || !uri.endsWith(`?${query}`)) return encodeBytes(bytes);
  const length = params.getBytes("QUERY_STRING")!.length + 1;
  return `${encodeBytes(bytes.subarray(0, bytes.length - length))}?${query}`;
}

/** What a path may have as it is (RFC 3986, section 3.3); a percent sign that was decoded is none of it. */
const NOT_PLAIN = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g;

/** The bytes of a decoded path, percent-encoded. Those that are no UTF-8 stay those that the client sent. */
export function encodeBytes(path: Uint8Array): string {
  return Buffer.from(path)
    .toString("latin1")
    .replaceAll(NOT_PLAIN, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
