import type { ResponderDefinition, RouteDefinition } from "../roles/definitions.js";
import { EVERY_METHOD } from "../roles/router.js";
import { isUndecided } from "./header-lines.js";

/** What every adapter can be told. */
export interface AdapterOptions {
  /**
   * The path from which on its requests go to the handler, below the mount: "/api" is "/api" and all below it. All of them
   * if left out. Routes of controllers go before, and the handler sees the whole path, this part included.
   */
  readonly path?: string | undefined;
  /** What it is called in logs and messages. */
  readonly name?: string | undefined;
  /** Whether answers must leave as they are produced, server-sent events for one; for whoever configures a Web server. */
  readonly streams?: boolean | undefined;
}

/** A responder that hands everything from a path on to one handler, whatever the method. */
export function everythingBelow(
  { path = "/", name, streams }: AdapterOptions & { readonly name: string },
  handle: RouteDefinition["handle"],
): ResponderDefinition {
  const prefix = path.replace(/\/+$/, "");
  const routes = [prefix === "" ? "/" : prefix, `${prefix}/*`].map((path) => ({
    method: EVERY_METHOD,
    path,
    name,
    handle: whenDecided(handle),
    streams,
  }));
  return { kind: "responder", name, routes };
}

/**
 * Where it is not told whether there is a body, what came together with the params is read first: mostly STDIN has ended
 * then, or its first bytes are there.
 */
function whenDecided(handle: RouteDefinition["handle"]): RouteDefinition["handle"] {
  return (request) =>
    isUndecided(request) ? Promise.resolve(request).then((request) => handle(request)) : handle(request);
}
