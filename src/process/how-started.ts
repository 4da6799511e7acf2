import type { DescriptorKind } from "./descriptor.js";
import { ConfigurationError } from "../errors.js";
import { SCGI_PREFIX, parseAddress, type AddressLike } from "../protocol/address.js";
import type { SystemdSockets } from "./systemd-sockets.js";

/** The default address, with the port that the Web servers' own examples use. */
const DEFAULT_ADDRESS = "127.0.0.1:9000";
/** How the name of a socket that systemd passed begins. */
const SYSTEMD = /^(scgi:)?systemd:/;
/** The listening socket that a Web server or another starter passes. */
const INHERITED = "fd:0";

/** How to serve: listen on at least one address, or answer the one request of a CGI program. */
export type Start =
  | {
      readonly kind: "listen";
      readonly addresses: readonly AddressLike[];
      /** The process that systemd passed sockets to, if it is another one and they were needed. */
      readonly meantFor?: string | undefined;
    }
  | { readonly kind: "cgi" };

/** The facts of a process that {@link howStarted} decides by. */
export interface ProcessFacts {
  /** TRICORN_LISTEN. */
  readonly named: string | undefined;
  /** Whether its environment is that of a CGI program. */
  readonly isCgi: boolean;
  kindOf(fd: number): DescriptorKind;
  /** Called only if they may be needed, because it takes them. */
  systemdSockets(): SystemdSockets;
}

/**
 * Decides how to serve by the first of these: the addresses that the program passes; a listening socket on descriptor 0
 * (section 2.2), as `scgi:fd:0` if TRICORN_LISTEN has that; sockets that systemd passed, all of them or those that TRICORN_LISTEN names; the addresses in TRICORN_LISTEN;
 * the environment of a CGI program; else 127.0.0.1:9000. Never by arguments: a CGI program gets those from the client (RFC 3875,
 * section 4.4).
 *
 * @throws ConfigurationError `ERR_ADDRESS` for an invalid address, `ERR_SYSTEMD_SOCKET` for a socket that was not passed
 */
export function howStarted(
  listen: AddressLike | readonly AddressLike[] | undefined,
  facts: ProcessFacts,
): Start {
  if (listen !== undefined) return listenOn(isList(listen) ? listen : [listen], facts);
  const named = (facts.named ?? "")
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
  if (facts.kindOf(0) === "listening") {
    const asScgi = `${SCGI_PREFIX}${INHERITED}`;
    return listenOn([named.includes(asScgi) ? asScgi : INHERITED], facts);
  }
  const { sockets, meantFor } = facts.systemdSockets();
  if (sockets.length > 0 && !named.some(isSystemdName)) {
    return listenOn(
      sockets.map(({ fd }) => `fd:${fd}`),
      facts,
    );
  }
  if (named.length === 0 && facts.isCgi) return { kind: "cgi" };
  return { ...listenOn(named.length > 0 ? named : [DEFAULT_ADDRESS], facts), meantFor };
}

/** Checks all addresses before any is opened. */
function listenOn(given: readonly AddressLike[], facts: ProcessFacts): Start & { readonly kind: "listen" } {
  if (given.length === 0) throw new ConfigurationError("ERR_ADDRESS", "Cannot listen: no address was given");
  const addresses = given.flatMap((address): readonly AddressLike[] =>
    isSystemdName(address) ? descriptorsOf(address, facts) : [address],
  );
  for (const address of addresses) parseAddress(address);
  return { kind: "listen", addresses };
}

function descriptorsOf(address: string, facts: ProcessFacts): readonly string[] {
  const name = address.replace(SYSTEMD, "");
  const protocol = SYSTEMD.exec(address)?.[1] ?? "";
  const { sockets, meantFor } = facts.systemdSockets();
  const found = sockets.filter((socket) => socket.name === name);
  if (found.length > 0) return found.map(({ fd }) => `${protocol}fd:${fd}`);
  const names = sockets.map((socket) => socket.name).join(", ");
  const passed = names === "" ? "it passed none" : `it passed ${names}`;
  throw new ConfigurationError(
    "ERR_SYSTEMD_SOCKET",
    `Cannot listen on ${address}: systemd passed no socket of that name to this process; ` +
      (meantFor === undefined ? passed : `LISTEN_PID is ${meantFor}, so start node directly, or with exec`),
  );
}

function isSystemdName(address: AddressLike): address is string {
  return typeof address === "string" && SYSTEMD.test(address);
}

function isList(listen: AddressLike | readonly AddressLike[]): listen is readonly AddressLike[] {
  return Array.isArray(listen);
}
