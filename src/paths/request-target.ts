import type { Params } from "../protocol/params.js";
import { formOf } from "./path-variables.js";

/** A target in absolute-form (RFC 9112, section 3.2.2): its authority, and what follows. */
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)(.*)$/s;

/** Returns a request target in origin-form: an absolute-form loses its scheme and authority, other forms stay unchanged. */
export function originForm(target: string): string {
  if (target === "" || target.charCodeAt(0) === 0x2f) return target;
  const rest = ABSOLUTE_FORM.exec(target)?.[2];
  if (rest === undefined) return target;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** Returns the authority of a target in absolute-form, which takes precedence over Host; undefined for other forms. */
export function authorityOf(target: string): string | undefined {
  if (target === "" || target.charCodeAt(0) === 0x2f) return undefined;
  return ABSOLUTE_FORM.exec(target)?.[1];
}

/**
 * Returns the request target in origin-form, its path percent-encoded even if the Web server has decoded it; empty if the
 * server sends no REQUEST_URI.
 */
export function targetOf(params: Params): string {
  const uri = params.get("REQUEST_URI") ?? "";
  if (uri === "") return uri;
  return formOf(params, "REQUEST_URI") === "raw" ? originForm(uri) : encodedTarget(params, uri);
}

/**
 * Encodes a target whose path the server has decoded. A question mark in it may have been "%3F", so the path ends where
 * QUERY_STRING begins. If REQUEST_URI does not end with QUERY_STRING, because the server has rewritten it, all of it is
 * the path: cut at a question mark, it could become "/private", a path that the server did not protect as such.
 */
function encodedTarget(params: Params, uri: string): string {
  const query = params.get("QUERY_STRING") ?? "";
  const bytes = params.getBytes("REQUEST_URI")!;
  if (query === "" || !uri.endsWith(`?${query}`)) return encodeBytes(bytes);
  const length = params.getBytes("QUERY_STRING")!.length + 1;
  return `${encodeBytes(bytes.subarray(0, bytes.length - length))}?${query}`;
}

/** Characters that a path must percent-encode (RFC 3986, section 3.3), including a percent sign that was decoded. */
const TO_ENCODE = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g;

/** Percent-encodes the bytes of a decoded path; bytes that are not UTF-8 are kept. */
export function encodeBytes(path: Uint8Array): string {
  return Buffer.from(path)
    .toString("latin1")
    .replaceAll(TO_ENCODE, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** Characters that a valid target never has (RFC 9112, section 3.2), although some Web servers let them through. */
const INVISIBLE = /[^\x21-\x7e]/u;

/**
 * Percent-encodes everything in a target that is not visible ASCII, so that all readers see the same target: `URL` and the
 * `url.parse` of Express and Koa drop spaces, no-break spaces and control characters at the end, and `URL` some of them
 * elsewhere. nginx lets `/admin` with a trailing no-break space through: routes would read `/admin`, authorizers another path.
 */
export function visibleTarget(target: string): string {
  return INVISIBLE.test(target) ? target.replaceAll(new RegExp(INVISIBLE, "gu"), encodeURIComponent) : target;
}
