import { isIPv6 } from "node:net";

import { compactText } from "../protocol/compact-text.js";
import type { Params } from "../protocol/params.js";
import { RequestHeaders } from "./request-headers.js";
import { authorityOf } from "../paths/request-target.js";

/** The scheme of the request's URL. */
export type Scheme = "http" | "https";

/** Values of HTTPS: all tested servers send "on"; configurations may set "1" or "https". */
const ON = /^(?:on|1|true|yes|https)$/i;

/** A host name or address with an optional port (RFC 3986, section 3.2); no user, no quotes, nothing special in HTML. */
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::\d{1,5})?$/i;

const DEFAULT_PORTS: Readonly<Record<Scheme, string>> = { http: "80", https: "443" };

/**
 * Returns the scheme that the Web server reports: in HTTPS if that is not empty, else in REQUEST_SCHEME, the only one that
 * mod_authnz_fcgi sends. The server sets both. Any client can send X-Forwarded-Proto, and a port implies no scheme.
 */
export function schemeOf(params: Params): Scheme {
  const https = params.get("HTTPS");
  const isSecure =
    https === undefined || https === ""
      ? params.get("REQUEST_SCHEME")?.toLowerCase() === "https"
      : ON.test(https);
  return isSecure ? "https" : "http";
}

/**
 * Returns the requested host in lower case, with its port if the client sent one: the authority of a target in absolute-form,
 * which takes precedence over Host (RFC 9112, section 3.2.2), else Host, else SERVER_NAME with SERVER_PORT. Undefined if none
 * of them is a host name or address.
 */
export function hostOf(params: Params): string | undefined {
  return (
    hostIn(authorityOf(params.get("REQUEST_URI") ?? "")) ??
    // Two Host fields are joined, which is not a valid host.
    hostIn(new RequestHeaders(params).get("host")) ??
    serverOf(params)
  );
}

function serverOf(params: Params): string | undefined {
  const name = params.get("SERVER_NAME") ?? "";
  const port = params.get("SERVER_PORT") ?? "";
  const host = hostIn(isIPv6(name) ? `[${name}]` : name);
  // HAProxy's SERVER_NAME includes the port.
  if (host === undefined || /:\d+$/.test(host) || !/^\d{1,5}$/.test(port)) return host;
  return port === DEFAULT_PORTS[schemeOf(params)] ? host : hostIn(`${host}:${port}`);
}

/** The longest host name (RFC 1035, section 2.3.4) with a port, in characters. */
const HOST_LENGTH = 255 + 6;

/** Checked hosts by their text. Sites have few; the cache is cleared when clients make up more. */
const knownHosts = new Map<string, string>();
const KNOWN_HOSTS_LIMIT = 64;

/** Returns a text as a lower-case host, or undefined if it is not one. */
function hostIn(text = ""): string | undefined {
  if (text.length > HOST_LENGTH) return undefined;
  const known = knownHosts.get(text);
  if (known !== undefined) return known;
  // Before lower-casing, which would turn a Kelvin sign into ASCII.
  if (!AUTHORITY.test(text)) return undefined;
  const host = text.toLowerCase();
  // The pattern also matches port 70000 and the address 1.2.3.999.
  if (!URL.canParse(`http://${host}`)) return undefined;
  if (knownHosts.size >= KNOWN_HOSTS_LIMIT) knownHosts.clear();
  knownHosts.set(compactText(text), compactText(host));
  return host;
}
