import type { Params } from "../protocol/params.js";
import { Password } from "./password.js";

/** A user's name and password as the client sent them, unchecked. */
export interface Credentials {
  readonly user: string;
  readonly password: Password;
}

/** A param that says who sends a request. */
interface IdentityParam {
  readonly name: string;
  /** Its value must not be shown or kept. */
  readonly secret?: true;
  /** Two values are ambiguous: two checks of it may read different ones. */
  readonly single?: true;
}

/** The params in which Apache puts Authorization after an internal redirect, as by mod_rewrite in an .htaccess file. */
export const redirectedAuthorization: readonly string[] = [
  "REDIRECT_HTTP_AUTHORIZATION",
  "REDIRECT_REDIRECT_HTTP_AUTHORIZATION",
];

/**
 * The params that say who sends a request (RFC 9110, section 11; RFC 6265; RFC 3875, sections 4.1.1 and 4.1.11). This is
 * the one list: logs, errors, the refusal of repeated credentials and the cache of filtered files all use it.
 */
const IDENTITY_PARAMS: readonly IdentityParam[] = [
  { name: "HTTP_AUTHORIZATION", secret: true, single: true },
  { name: "HTTP_PROXY_AUTHORIZATION", secret: true, single: true },
  // Cookies of HTTP/2 come in several fields.
  { name: "HTTP_COOKIE", secret: true },
  { name: "REMOTE_PASSWD", secret: true, single: true },
  // Jetty sends the whole Authorization value in it, other servers only the scheme.
  { name: "AUTH_TYPE", secret: true, single: true },
  ...redirectedAuthorization.map((name) => ({ name, secret: true, single: true }) as const),
  { name: "REDIRECT_REMOTE_PASSWD", secret: true, single: true },
  { name: "REMOTE_USER", single: true },
  { name: "REDIRECT_REMOTE_USER", single: true },
  { name: "AUTH_USER" },
  // mod_ssl, of a client certificate.
  { name: "SSL_CLIENT_S_DN" },
];

/** The params that say who sends a request. */
export const identityParams: readonly string[] = IDENTITY_PARAMS.map(({ name }) => name);

/** The params whose values are always secret. Applications declare more as `secrets`. */
export const secretParams: readonly string[] = IDENTITY_PARAMS.filter(({ secret }) => secret).map(
  ({ name }) => name,
);

const SINGLE_PARAMS: readonly string[] = IDENTITY_PARAMS.filter(({ single }) => single).map(
  ({ name }) => name,
);

/**
 * Returns the first param with credentials that came more than once. nginx may repeat REMOTE_USER: it sends both the
 * `fastcgi_param` of its configuration and the one of its stock file that it replaces.
 */
export function repeatedCredential(params: Params): string | undefined {
  return SINGLE_PARAMS.find(
    (name) =>
      params.isRepeated(name) && !(name === "REMOTE_USER" && params.beginsWith("SERVER_SOFTWARE", "nginx")),
  );
}

/** base64 (RFC 4648, section 4), with or without padding. */
const BASIC = /^basic +([A-Za-z0-9+/]+)={0,2}$/i;

/**
 * Parses an `Authorization: Basic` field (RFC 7617): base64 of `user:password` in UTF-8, the user without a colon, both
 * without control characters.
 *
 * @returns undefined for another scheme and for a malformed field
 */
export function parseBasic(field: string): Credentials | undefined {
  const encoded = BASIC.exec(field)?.[1];
  // No base64 text has a length of 4n + 1.
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
