import { existsSync } from "node:fs";
import { dirname } from "node:path";

import { listenReason } from "../diagnostics/listen-reason.js";
import { ConfigurationError } from "../errors.js";
import { formatAddress, type Address } from "../protocol/address.js";
import { isAddressInUse } from "./listening.js";

/**
 * Returns the error of an address on which a process cannot listen: `ERR_ADDRESS_IN_USE` or `ERR_LISTEN`, unless it is a
 * ConfigurationError already. It adds the address and a missing folder, which the system's message may not name.
 */
export function cannotListen(address: Address, error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error;
  return new ConfigurationError(
    isAddressInUse(error) ? "ERR_ADDRESS_IN_USE" : "ERR_LISTEN",
    `Cannot listen on ${formatAddress(address)}: ${factOf(address, error as NodeJS.ErrnoException)}`,
    error,
  );
}

function factOf(address: Address, { code, message }: NodeJS.ErrnoException): string {
  if (address.kind === "unix" && !existsSync(dirname(address.path)))
    return `there is no folder ${dirname(address.path)}`;
  if (address.kind === "fd" && code === "EEXIST") return "this process uses the descriptor already";
  if (address.kind === "fd") return `the descriptor is not a listening socket (${message})`;
  return (address.kind === "tcp" ? listenReason(code, address.port) : undefined) ?? message;
}
