import type { RoleRequest } from "../roles/request.js";
import type { Class } from "./class.js";
import { disposeContainer, requestContainer, type Container } from "./container.js";
import { requestTokens } from "./request-classes.js";

/** Makes what belongs to one request: a container for each that needs one, disposed of when the request is over. */
export class RequestScopes {
  readonly #application: Container;
  readonly #containers = new WeakMap<RoleRequest, Container>();

  constructor(application: Container) {
    this.#application = application;
  }

  /** The instance of a controller for a request. */
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
    // Not when the handler returns: a body that is streamed may still use what was injected.
    request.exchange.onEnd(() => {
      void disposeContainer(inside, (err) => {
        const message = "Cannot dispose of what belonged to a request: its dispose() failed";
        request.tell(message, { level: "error", kind: "dispose", err });
      });
    });
    return inside;
  }
}
