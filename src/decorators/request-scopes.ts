import { AuthorizerRequest } from "../roles/authorizer-request.js";
import { FilterRequest } from "../roles/filter-request.js";
import { RoleRequest } from "../roles/request.js";
import { ResponderRequest } from "../roles/responder-request.js";
import type { Class, RoleKind } from "./class.js";
import { disposeContainer, requestContainer, type Container } from "./container.js";

/** The class of each role's requests. */
export const requestClass: Readonly<Record<RoleKind, Class<RoleRequest>>> = {
  responder: ResponderRequest,
  authorizer: AuthorizerRequest,
  filter: FilterRequest,
};

/** The tokens of the request itself: the class of its role, or their common base class. */
export const requestTokens: readonly Class[] = [
  ...Object.values(requestClass),
  RoleRequest as unknown as Class,
];

/** The containers of requests, each created on first use and disposed of at the end of its request. */
export class RequestScopes {
  readonly #application: Container;
  readonly #containers = new WeakMap<RoleRequest, Container>();

  constructor(application: Container) {
    this.#application = application;
  }

  /** Resolves a controller's instance for a request. */
  resolve(owner: Class, request: RoleRequest): object {
    return this.#containerOf(request).resolve(owner as never);
  }

  #containerOf(request: RoleRequest): Container {
    const open = this.#containers.get(request);
    if (open !== undefined) return open;
    const inside = requestContainer(this.#application);
    for (const token of requestTokens) {
      if (request instanceof token) inside.registerInstance(token as never, request);
    }
    this.#containers.set(request, inside);
    // Not when the handler returns: a streamed body may still use injected instances.
    request.exchange.onEnd(() => {
      void disposeContainer(inside, (err) => {
        const message = "Cannot dispose of an instance of the request: its dispose() failed";
        request.logLimited(message, { level: "error", kind: "dispose", err });
      });
    });
    return inside;
  }
}
