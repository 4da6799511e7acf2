import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Loopback addresses, also as IPv6 sockets report IPv4 ones. */
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/i;

/** Names that only this machine has. Another name can be pointed at it (DNS rebinding). */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Why a request must not see what was sent to this machine; undefined if it comes from here, by a name that only this machine has. */
export function refusalOf({ socket, headers }: IncomingMessage): string | undefined {
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
