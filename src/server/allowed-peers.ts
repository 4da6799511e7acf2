import { BlockList, isIP, isIPv4 } from "node:net";

import { ConfigurationError } from "../errors.js";

/** Decides whether a TCP peer may connect. */
export interface AllowedPeers {
  allows(address: string | undefined): boolean;
}

/**
 * Compiles a list of peers: single addresses or networks ("10.0.0.0/8", "::1", "fd00::/8"). IPv4 addresses match in
 * their IPv6-mapped form too.
 *
 * @throws ConfigurationError `ERR_ALLOWED_PEERS` if the list is empty or an entry is not an address: starting must fail rather
 * than allow every peer by mistake
 */
export function parseAllowedPeers(entries: readonly string[]): AllowedPeers {
  const list = new BlockList();
  if (entries.length === 0) throw invalid("the list is empty");
  for (const entry of entries) {
    const [address = "", prefix, ...rest] = entry.trim().split("/");
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    // BlockList does not support zones.
    if (version === 0 || address.includes("%") || rest.length > 0)
      throw invalid(`${JSON.stringify(entry)} is not an IP address or network`);
    if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) {
      throw invalid(`${JSON.stringify(entry)} has no valid prefix length`);
    }
    list.addSubnet(address, prefix === undefined ? bits : Number(prefix), version === 4 ? "ipv4" : "ipv6");
  }
  return { allows: (address) => address !== undefined && isListed(list, address) };
}

function isListed(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/**
 * The peers that FCGI_WEB_SERVER_ADDRS allows (section 3.2): a Web server that starts the application sets it to the
 * addresses that may connect. Undefined if the variable is not set.
 */
export function peersFromEnvironment(value: string | undefined): AllowedPeers | undefined {
  return value === undefined
    ? undefined
    : parseAllowedPeers(value.split(",").filter((entry) => entry.trim() !== ""));
}

/** How to restrict peers. */
const CURE = 'name the Web servers in allowedPeers or FCGI_WEB_SERVER_ADDRS, or say "any" in allowedPeers';

/** Which TCP peers may connect to a server: FastCGI has no authentication. */
export class PeerPolicy {
  readonly #any: boolean;
  readonly #allowed: AllowedPeers | undefined;

  /**
   * @param peers IP addresses and networks, or `any`; FCGI_WEB_SERVER_ADDRS counts unless addresses are given
   * @throws ConfigurationError `ERR_ALLOWED_PEERS` like {@link parseAllowedPeers}
   */
  constructor(peers: readonly string[] | "any" | undefined) {
    this.#any = peers === "any";
    this.#allowed =
      typeof peers === "object"
        ? parseAllowedPeers(peers)
        : peersFromEnvironment(process.env["FCGI_WEB_SERVER_ADDRS"]);
  }

  /**
   * Checks a host that a server listens on; `place` is its name in the message.
   *
   * @throws ConfigurationError `ERR_ALLOWED_PEERS` if other machines can reach it without a rule of who may connect
   */
  checkHost(host: string, place: string): void {
    if (isLoopback(host) || this.#allowed !== undefined || this.#any) return;
    throw new ConfigurationError(
      "ERR_ALLOWED_PEERS",
      `Cannot listen on ${place}: every host that reaches it could connect; ${CURE}`,
    );
  }

  /** Whether a TCP peer may connect. A reset connection has no address, but what it sent can still be read. */
  admits(address: string | undefined): boolean {
    return this.#allowed === undefined || this.#allowed.allows(address);
  }
}

function invalid(fact: string): ConfigurationError {
  return new ConfigurationError("ERR_ALLOWED_PEERS", `Cannot restrict peers: ${fact}`);
}

/** Whether only this machine can reach a host: 127.0.0.0/8, ::1, or the name for them. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || isListed(loopback, host);
}

// Not parsed like entries: the regular expression of isIP() costs each start some 6 ms.
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
