import type { ResponderDefinition, RouteDefinition } from "../roles/definitions.js";
import { EVERY_METHOD } from "../roles/router.js";

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
    handle,
    streams,
  }));
  return { kind: "responder", name, routes };
}
