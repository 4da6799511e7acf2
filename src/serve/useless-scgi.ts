import type { TricornApplication } from "../application.js";
import type { BridgeOptions } from "../bridges/bridge-options.js";
import { ConfigurationError } from "../errors.js";
import { formatAddress, parseAddress, type AddressLike } from "../protocol/address.js";

/**
 * Refuses to listen for SCGI if nothing in the application could answer: SCGI has no roles, so it carries requests to
 * responders, questions to authorizers that come as such requests, and requests that the bridge leads to filters.
 *
 * @throws ConfigurationError `ERR_SCGI_ROLE`
 */
export function refuseUselessScgi(
  addresses: readonly AddressLike[],
  {
    roles,
    bridges,
  }: { readonly roles: TricornApplication["roles"]; readonly bridges: BridgeOptions | undefined },
): void {
  const { responder, authorizer, filter } = roles;
  if (responder !== undefined || authorizer.gates.count > 0) return;
  if (filter !== undefined && bridges?.filter !== undefined) return;
  const address = addresses.map(parseAddress).find(({ protocol }) => protocol === "scgi");
  if (address === undefined) return;
  const cure = filter === undefined ? "list a responder" : "set bridges.filter";
  throw new ConfigurationError(
    "ERR_SCGI_ROLE",
    `Cannot listen on ${formatAddress(address)}: SCGI carries only responder requests, and the application answers none; ${cure}`,
  );
}
