import { isIPv4, isIPv6 } from "node:net";

import type { Params } from "../protocol/params.js";

/** An IPv4-mapped IPv6 address, as dual-stack sockets report it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * Returns the IP address of the Web server's client, REMOTE_ADDR, in canonical form: IPv6 as in RFC 5952, without Jetty's
 * brackets, and an IPv4-mapped address as IPv4. Undefined if it is not an IP address: nginx sends "unix:" for a client on a
 * unix socket.
 */
export function remoteAddressOf(params: Params): string | undefined {
  const text = (params.get("REMOTE_ADDR") ?? "").replace(/^\[(.*)\]$/, "$1");
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const url = `http://[${text}]`;
  // A URL cannot have a zone.
  if (!URL.canParse(url)) return text.toLowerCase();
  const address = new URL(url).hostname.slice(1, -1);
  const mapped = MAPPED.exec(address);
  return mapped === null ? address : mapped.slice(1).flatMap(twoBytes).join(".");
}

function twoBytes(digits: string): readonly number[] {
  const number = Number.parseInt(digits, 16);
  return [number >> 8, number & 0xff];
}
