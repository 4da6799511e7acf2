import { isIPv4, isIPv6 } from "node:net";

import type { Params } from "../protocol/params.js";

/** An IPv4 address within an IPv6 one, as a socket for both tells it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * The IP address of the Web server's peer, REMOTE_ADDR, in one spelling: IPv6 in the short form of RFC 5952, without the
 * brackets of Jetty, and an IPv4 address that is mapped into IPv6 as what it is. Undefined where it is no IP address:
 * nginx says "unix:" of a client on a unix socket.
 */
export function remoteAddressOf(params: Params): string | undefined {
  const text = (params.get("REMOTE_ADDR") ?? "").replace(/^\[(.*)\]$/, "$1");
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const url = `http://[${text}]`;
  // A zone is no part of a URL.
  if (!URL.canParse(url)) return text.toLowerCase();
  const address = new URL(url).hostname.slice(1, -1);
  const mapped = MAPPED.exec(address);
  return mapped === null ? address : mapped.slice(1).flatMap(twoBytes).join(".");
}

function twoBytes(digits: string): readonly number[] {
  const number = Number.parseInt(digits, 16);
  return [number >> 8, number & 0xff];
}
