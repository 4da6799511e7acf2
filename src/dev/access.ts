import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { targetUrl } from "./target-url.js";

/** The names of this machine for itself. A page of another site that was resolved to 127.0.0.1 has another one. */
const LOCAL_HOSTS: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** The member of the query with the token. */
export const TOKEN_PARAMETER = "key";

/** Who may use a development server. */
export interface AccessRule {
  /** What each request must have, as a cookie or once in its URL; undefined if only this machine can connect. */
  readonly token: string | undefined;
  /** Distinguishes the cookie from those of development servers on other ports. */
  readonly port: () => number;
}

/**
 * Keeps others from the development server. On a loopback address it answers only requests for a name of this machine, so that a
 * site whose name leads to 127.0.0.1 ("DNS rebinding") gets nothing. On another address each request needs the token.
 */
export class Access {
  readonly #rule: AccessRule;

  constructor(rule: AccessRule) {
    this.#rule = rule;
  }

  /**
   * Whether a request may go on. Otherwise it is answered: with 403, or with a redirect that replaces the token in its URL by a
   * cookie. The cookie is removed from the request.
   */
  admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { token } = this.#rule;
    if (token === undefined) {
      const named = hostsOf(request);
      if (named.length > 0 && named.every(isLocal)) return true;
      refuse(response, "this development server answers only for localhost, 127.0.0.1 and [::1]");
      return false;
    }
    const name = `tricorn-dev-${this.#rule.port()}`;
    const hasCookie = takeCookies(request, name).some((value) => isSame(value, token));
    const url = targetUrl(request.url);
    const given = url.searchParams.get(TOKEN_PARAMETER);
    // Also with the cookie: the token in the URL would reach the program, and what it logs.
    if (given === null || !isSame(given, token)) {
      if (hasCookie) return true;
      refuse(response, "open the address that tricorn dev has printed, with its token");
      return false;
    }
    response.setHeader("Set-Cookie", `${name}=${token}; Path=/; HttpOnly; SameSite=Lax`);
    url.searchParams.delete(TOKEN_PARAMETER);
    // Not beginning with "//", which would name another host.
    const target = url.pathname.replace(/^\/+/, "/") + url.search;
    response.writeHead(302, { Location: target, "Cache-Control": "no-store" }).end();
    return false;
  }
}

/** All hosts that a request names: in its Host fields, and in a target with a host. */
function hostsOf({ rawHeaders, url = "" }: IncomingMessage): readonly string[] {
  const fields = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === "host");
  const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  return target === undefined ? fields : [...fields, target];
}

function isLocal(host: string): boolean {
  return LOCAL_HOSTS.has(host.toLowerCase().replace(/:\d{1,5}$/, ""));
}

/** The values of a cookie, which is removed from the request. */
function takeCookies(request: IncomingMessage, name: string): readonly string[] {
  const { rawHeaders, headers } = request;
  const values: string[] = [];
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at]!;
    if (field.toLowerCase() !== "cookie") {
      kept.push(field, rawHeaders[at + 1]!);
      continue;
    }
    const pairs = rawHeaders[at + 1]!.split(/; */);
    values.push(
      ...pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1)),
    );
    const others = pairs.filter((pair) => !pair.startsWith(`${name}=`));
    if (others.length > 0) kept.push(field, others.join("; "));
  }
  if (values.length === 0) return values;
  request.rawHeaders = kept;
  const cookies = kept.filter((_, at) => at % 2 === 1 && kept[at - 1]!.toLowerCase() === "cookie");
  if (cookies.length > 0) headers.cookie = cookies.join("; ");
  else delete headers.cookie;
  return values;
}

/** Compares in a time that does not depend on where they differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a!, b!);
}

function refuse(response: ServerResponse, fact: string): void {
  const body = `403 Forbidden: ${fact}\n`;
  response
    .writeHead(403, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(body),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    })
    .end(body);
}
