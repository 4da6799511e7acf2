import { isIPv6 } from "node:net";

import { compactText } from "../protocol/compact.js";
import type { Params } from "../protocol/params.js";
import { RequestHeaders } from "./request-headers.js";
import { authorityOf } from "../paths/request-target.js";

/** How the client speaks to the Web server. */
export type Scheme = "http" | "https";

/** What Web servers write into HTTPS: "on" all of those that were run, "1" or "https" by hand. */
const YES = /^(?:on|1|true|yes|https)$/i;

/** A host name or address, and perhaps a port (RFC 3986, section 3.2); no user, no quotes, nothing that HTML minds. */
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::\d{1,5})?$/i;

const DEFAULT_PORTS: Readonly<Record<Scheme, string>> = { http: "80", https: "443" };

/**
 * The scheme that the Web server tells: by HTTPS, where it is there and not empty, else by REQUEST_SCHEME, which is all
 * that mod_authnz_fcgi sends. Both are its own word. X-Forwarded-Proto is anybody's, and a port says nothing.
 */
export function schemeOf(params: Params): Scheme {
  const https = params.get("HTTPS");
  const isSecure =
    https === undefined || https === ""
      ? params.get("REQUEST_SCHEME")?.toLowerCase() === "https"
      : YES.test(https);
  return isSecure ? "https" : "http";
}

/**
 * The host that the client asked for, in lower case and with the port that it named: the authority of a target in
 * absolute-form, which goes before Host (RFC 9112, section 3.2.2), else Host, else SERVER_NAME with SERVER_PORT. Undefined
 * where none of them is the name or address of a host.
 */
export function hostOf(params: Params): string | undefined {
  return (
    hostIn(authorityOf(params.get("REQUEST_URI") ?? "")) ??
    // Joined where it came twice, and so no host.
    hostIn(new RequestHeaders(params).get("host")) ??
    serverOf(params)
  );
}

function serverOf(params: Params): string | undefined {
  const name = params.get("SERVER_NAME") ?? "";
  const port = params.get("SERVER_PORT") ?? "";
  const host = hostIn(isIPv6(name) ? `[${name}]` : name);
  // HAProxy's SERVER_NAME has the port already.
  if (host === undefined || /:\d+$/.test(host) || !/^\d{1,5}$/.test(port)) return host;
  return port === DEFAULT_PORTS[schemeOf(params)] ? host : hostIn(`${host}:${port}`);
}

/** The longest name of a host (RFC 1035, section 2.3.4), and a port. */
const HOST_LENGTH = 255 + 6;

/** Hosts that passed the check, by the text that named them. Sites have few; what clients make up is forgotten again. */
const knownHosts = new Map<string, string>();
const KNOWN_HOSTS_LIMIT = 64;

/** A text as a host, in lower case; undefined where it is none. */
function hostIn(text = ""): string | undefined {
  if (text.length > HOST_LENGTH) return undefined;
  const known = knownHosts.get(text);
  if (known !== undefined) return known;
  // Before its letters are made small ones: what is beyond ASCII must not become it, as a Kelvin sign would.
  if (!AUTHORITY.test(text)) return undefined;
  const host = text.toLowerCase();
  // What the pattern lets through may be no host yet: port 70000, or the address 1.2.3.999.
  if (!URL.canParse(`http://${host}`)) return undefined;
  if (knownHosts.size >= KNOWN_HOSTS_LIMIT) knownHosts.clear();
  knownHosts.set(compactText(text), compactText(host));
  return host;
}
