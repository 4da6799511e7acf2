import { BlockList, isIP, isIPv4 } from "node:net";

import { ConfigurationError } from "../errors.js";

/** Tells whether a TCP peer may talk to the application. */
export interface AllowedPeers {
  allows(address: string | undefined): boolean;
}

/**
 * Compiles a list of peers: single addresses or networks ("10.0.0.0/8", "::1", "fd00::/8"). IPv4 addresses match in
 * their IPv6-mapped form too.
 *
 * @throws ConfigurationError `ERR_ALLOWED_PEERS` when the list is empty or an entry is no address: to allow everybody by
 * mistake is worse than not to start
 */
export function parseAllowedPeers(entries: readonly string[]): AllowedPeers {
  const list = new BlockList();
  if (entries.length === 0) throw invalid("the list is empty");
  for (const entry of entries) {
    const [address = "", prefix, ...rest] = entry.trim().split("/");
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    // BlockList knows no zones.
    if (version === 0 || address.includes("%") || rest.length > 0)
      throw invalid(`${JSON.stringify(entry)} is no IP address or network`);
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
 * The peers that FCGI_WEB_SERVER_ADDRS allows (section 3.2): a Web server that starts the application tells by it which
 * addresses may connect. Undefined where the variable is not set.
 */
export function peersFromEnvironment(value: string | undefined): AllowedPeers | undefined {
  return value === undefined
    ? undefined
    : parseAllowedPeers(value.split(",").filter((entry) => entry.trim() !== ""));
}

function invalid(fact: string): ConfigurationError {
  return new ConfigurationError("ERR_ALLOWED_PEERS", `Cannot restrict peers: ${fact}`);
}

/** Whether only this machine can reach a host: 127.0.0.0/8, ::1, or the name for them. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || isListed(loopback, host);
}

// Not parsed as entries are: the regular expression behind isIP() takes V8 some 6 ms, of every process that starts.
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
