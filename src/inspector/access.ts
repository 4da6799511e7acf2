import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Loopback addresses, also as IPv6 sockets report IPv4 ones. */
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/i;

/** Names that only this machine has. Another name can be pointed at it (DNS rebinding). */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** How a request proves that it may see the inspector. */
export interface AccessOptions {
  /** Required in the query of each request from elsewhere; undefined if only this machine may see the inspector. */
  readonly key: string | undefined;
}

/** Why a request must not see the inspector; undefined if it may. */
export function refusalOf(
  { socket, headers }: IncomingMessage,
  { key, query }: AccessOptions & { readonly query: URLSearchParams },
): string | undefined {
  if (key !== undefined)
    return isEqual(query.get("key") ?? "", key) ? undefined : "open the URL with the key that was printed";
  if (!LOOPBACK.test(socket.remoteAddress ?? "")) return "it is visible on this machine only";
  if (!LOCAL_HOST.test(headers.host ?? ""))
    return "open it as localhost, 127.0.0.1 or [::1]: another Host may be a page that attacks this machine";
  return undefined;
}

/** Whether a page of this origin sent the request (RFC 6454). Browsers send Origin with each POST and DELETE. */
export function isSameOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers.origin === `http://${headers.host}`;
}

/** Compares secrets in a time that does not depend on their content. */
export function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
