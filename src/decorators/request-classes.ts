import { AuthorizerRequest } from "../roles/authorizer-request.js";
import { FilterRequest } from "../roles/filter-request.js";
import { RoleRequest } from "../roles/request.js";
import { ResponderRequest } from "../roles/responder-request.js";
import type { Class, RoleKind } from "./class.js";

/** The class of request that a role is handed. */
export const requestClass: Readonly<Record<RoleKind, Class<RoleRequest>>> = {
  responder: ResponderRequest,
  authorizer: AuthorizerRequest,
  filter: FilterRequest,
};

/** The tokens that stand for the request itself: the class of its role, or the one that all share. */
export const requestTokens: readonly Class[] = [
  ...Object.values(requestClass),
  RoleRequest as unknown as Class,
];
