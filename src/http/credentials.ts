import type { Params } from "../protocol/params.js";
import { Password } from "./password.js";

/** A user's name and the password that was sent with it. Nobody has checked it yet. */
export interface Credentials {
  readonly user: string;
  readonly password: Password;
}

/**
 * The params whose values are secrets of the client, whatever the application says. Whatever is shown or kept of a request
 * goes by this list: logs, errors, the log's own fields, the cache of filtered files, and what is inspected.
 */
export const secretParams: readonly string[] = [
  "HTTP_AUTHORIZATION",
  "HTTP_PROXY_AUTHORIZATION",
  "HTTP_COOKIE",
  "REMOTE_PASSWD",
  // Jetty hands the whole Authorization value over in here.
  "AUTH_TYPE",
  // Apache names them so behind an internal redirect: mod_rewrite in an .htaccess file.
  "REDIRECT_HTTP_AUTHORIZATION",
  "REDIRECT_REDIRECT_HTTP_AUTHORIZATION",
  "REDIRECT_REMOTE_PASSWD",
];

/** What credentials come in; of two values, none is surely the one that is meant. Cookies of HTTP/2 come in several fields. */
const CREDENTIALS: readonly string[] = [
  ...secretParams.filter((name) => name !== "HTTP_COOKIE"),
  "REMOTE_USER",
  "REDIRECT_REMOTE_USER",
];

/**
 * The first of the params with credentials that came more than once: one check of it may be about the one value, and the next
 * about the other. Behind nginx REMOTE_USER may, since a `fastcgi_param` of its configuration replaces that of the stock file
 * and both are sent.
 */
export function repeatedCredential(params: Params): string | undefined {
  return CREDENTIALS.find(
    (name) =>
      params.isRepeated(name) && !(name === "REMOTE_USER" && params.beginsWith("SERVER_SOFTWARE", "nginx")),
  );
}

/** base64 (RFC 4648, section 4), with or without its padding. */
const BASIC = /^basic +([A-Za-z0-9+/]+)={0,2}$/i;

/**
 * Reads the value of an `Authorization: Basic` field (RFC 7617): base64 of `user:password` in UTF-8, the user without a
 * colon, neither with control characters.
 *
 * @returns undefined for another scheme, and for what is malformed in any way
 */
export function parseBasic(field: string): Credentials | undefined {
  const encoded = BASIC.exec(field)?.[1];
  // One character more than whole bytes have is no end of base64.
  if (encoded === undefined || encoded.length % 4 === 1) return undefined;
  const text = decodeUtf8(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 0 || /[\x00-\x1f\x7f]/.test(text)) return undefined;
  return { user: text.slice(0, colon), password: new Password(text.slice(colon + 1)) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
