import { createRequire } from "node:module";
import type findMyWay from "find-my-way";

const require = createRequire(import.meta.url);

/** A router of find-my-way. */
export type RouteTree = ReturnType<typeof findMyWay>;

/**
 * Creates a router of find-my-way. Its twenty files are loaded for the first one: an application whose routes capture no
 * segment needs none.
 */
export function routeTree(options?: Parameters<typeof findMyWay>[0]): RouteTree {
  return (require("find-my-way") as typeof findMyWay)(options);
}
