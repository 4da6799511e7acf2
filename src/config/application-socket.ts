import { isIPv4, isIPv6 } from "node:net";

import { ConfigurationError } from "../errors.js";

/** The socket of an application, as a Web server connects to it. */
export type ApplicationSocket =
  | {
      readonly kind: "tcp";
      /** A host name or an address; an IPv6 address without brackets. */
      readonly host: string;
      readonly port: number;
    }
  | { readonly kind: "unix"; readonly path: string };

/** Only characters without a meaning in any configuration language: `|` is a separator in Apache, `*` a pattern, and so on. */
const SOCKET_PATH = /^\/[\p{L}\p{N}._/@+~:=-]+$/u;
const TCP = /^(?!fd:|scgi:)(?:(?<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):)?(?<port>\d{1,5})$/;

/**
 * Parses an address of a deployment for the Web server. An application that listens on all addresses is reached on the loopback
 * interface.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if no Web server can connect to it, such as a file descriptor
 */
export function applicationSocket(listen: string): ApplicationSocket {
  const socket = parseSocket(listen);
  if (socket !== undefined) return socket;
  throw new ConfigurationError(
    "ERR_DEPLOYMENT",
    `Cannot connect to ${JSON.stringify(listen)}: listen must be like "127.0.0.1:9000" or "unix:/run/books/app.sock"`,
  );
}

/** The same, undefined if no Web server can connect to it. */
export function parseSocket(address: string): ApplicationSocket | undefined {
  const path = address.startsWith("unix:") ? address.slice("unix:".length) : address;
  if (SOCKET_PATH.test(path)) return { kind: "unix", path };
  const { host = "127.0.0.1", port } = TCP.exec(address)?.groups ?? {};
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  const name = host.replaceAll(/[[\]]/g, "");
  if (!isHost(name)) return undefined;
  return { kind: "tcp", host: reachable(name), port: Number(port) };
}

/** Web servers take a number such as 10.1 for an address or for a name, and do not start with one that is neither. */
function isHost(host: string): boolean {
  if (host.includes(":")) return isIPv6(host);
  return isIPv4(host) || /[^\d.]/.test(host);
}

function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return canonicalHost(host) === "::" ? "::1" : host;
}

/** The same text for all ways to write a host. */
export function canonicalHost(host: string): string {
  // As RFC 5952 wants it, in brackets.
  return host.includes(":") ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host.toLowerCase();
}

/** `127.0.0.1:9000` or `[::1]:9000`. */
export function hostAndPort({ host, port }: ApplicationSocket & { readonly kind: "tcp" }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** At least one address. */
export type Addresses = readonly [string, ...string[]];

/** The upstream of a server that does not balance. `configure` refuses several for it. */
export function onlyUpstream({ upstream: [address] }: { readonly upstream: Addresses }): string {
  return address;
}
