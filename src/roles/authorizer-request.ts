import { RoleRequest } from "./request.js";

/** A request that an authorizer decides about (section 6.3). It has no body: servers send none, Apache not even an end. */
export class AuthorizerRequest extends RoleRequest {}
