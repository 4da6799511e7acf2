import type { Definition } from "../roles/definitions.js";
import type { RoleRequest } from "../roles/request.js";
import type { Call } from "./call.js";
import type { CheckedRoute } from "./check-routes.js";

/** Where the instance of a controller comes from: there is one, or one is made for each request. */
export type Instances =
  | { readonly scope: "singleton"; readonly instance: object }
  | { readonly scope: "request"; readonly of: (request: RoleRequest) => object };

/** A controller that was checked, and waits for its instance. */
export interface Plan {
  /** The routes that it answers. */
  readonly routes: readonly CheckedRoute[];
  readonly define: (instances: Instances) => Definition;
}

/** A call with its instance, as definitions want it. */
export function bindCall(call: Call, instances: Instances): (request: unknown) => unknown {
  if (instances.scope === "request") {
    const { of } = instances;
    return (request) => call(of(request as RoleRequest), request as RoleRequest);
  }
  const { instance } = instances;
  return (request) => call(instance, request as RoleRequest);
}
