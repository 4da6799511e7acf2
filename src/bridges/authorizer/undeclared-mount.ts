import type { Refusal } from "../../protocol/application-side/application.js";
import { Role } from "../../protocol/constants.js";
import type { Door } from "../../roles/door.js";
import type { Roles } from "../../roles/roles.js";

/** Section 6.3 keeps PATH_INFO from authorizers, and clients may choose where it begins. */
const undeclaredMount: Refusal = {
  status: 403,
  code: "ERR_MOUNT_UNDECLARED",
  reason: "an authorizer protects this path, and its mount is not declared",
};

/**
 * The door that refuses a request for a path that an authorizer decides about, if the Web server that asked the authorizers
 * could not know it: below a mount that only PATH_INFO names.
 */
export function refuseUndeclaredMounts(roles: Roles): Door {
  const { gates } = roles.authorizer;
  return (exchange, next) => {
    const { role, params } = exchange;
    const isRouted = role === Role.Responder || role === Role.Filter;
    if (isRouted && gates.unaskable(params).length > 0) roles.refuse(exchange, undeclaredMount);
    else next(exchange);
  };
}
