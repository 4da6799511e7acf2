import type { RoutingPlan } from "./plan.js";

/**
 * Matches raw request targets with an encoded slash in the path. nginx and Caddy treat it as a slash, the application's router as
 * part of a segment: "/books/*" matches "/books/a%2Fb" only for the router.
 */
export const ENCODED_SLASH = "^[^?]*%2[fF]";

/**
 * Whether such paths must be refused, because a Web server might not ask about a path that is protected for the application.
 * Empty and dot segments are no problem: the application resolves them as Web servers do.
 */
export function mustRefuseEncodedSlashes({ protect, deployment }: RoutingPlan): boolean {
  // If the whole application is protected, every path is asked about.
  return protect.length > 0 && !protect.includes(`${deployment.mount}/**`) && !protect.includes("/**");
}
