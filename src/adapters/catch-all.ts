import type { ResponderDefinition, RouteDefinition } from "../roles/definitions.js";
import { EVERY_METHOD } from "../roles/router.js";
import { isBodyUnannounced } from "./raw-headers.js";

/** Options of every adapter. */
export interface AdapterOptions {
  /**
   * The path, below the mount, whose requests go to the handler: "/api" is "/api" and everything below it. Defaults to all
   * paths. Routes of controllers take precedence, and the handler sees the whole path, including this one.
   */
  readonly path?: string | undefined;
  /** The name in logs and messages. */
  readonly name?: string | undefined;
  /** Whether answers must be sent as they are produced, such as server-sent events; for Web server configurations. */
  readonly streams?: boolean | undefined;
}

/** A responder that passes all requests below a path, with any method, to one handler. */
export function catchAllResponder(
  { path = "/", name, streams }: AdapterOptions & { readonly name: string },
  handle: RouteDefinition["handle"],
): ResponderDefinition {
  const prefix = path.replace(/\/+$/, "");
  const routes = [prefix === "" ? "/" : prefix, `${prefix}/*`].map((path) => ({
    method: EVERY_METHOD,
    path,
    name,
    handle: afterBodyDecision(handle),
    streams,
  }));
  return { kind: "responder", name, routes };
}

/**
 * If the params do not say whether there is a body, the handler runs in a later microtask: STDIN that came together with the
 * params has been read by then, and has usually ended or begun.
 */
function afterBodyDecision(handle: RouteDefinition["handle"]): RouteDefinition["handle"] {
  return (request) =>
    isBodyUnannounced(request)
      ? Promise.resolve(request).then((request) => handle(request))
      : handle(request);
}
