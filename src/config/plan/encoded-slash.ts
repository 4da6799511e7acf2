import type { Plan } from "./plan.js";

/**
 * A regular expression for raw request targets with an encoded slash in their path. To nginx and Caddy it is a slash, to
 * the application's router a part of a segment: "/books/a%2Fb" is not covered by "/books/*" to the one and is to the other.
 */
export const ENCODED_SLASH = "^[^?]*%2[fF]";

/**
 * Whether such paths must be refused: where a Web server might not ask about one that the application takes for a
 * protected one. Empty and dot segments need no such care, since the application resolves them as Web servers do.
 */
export function mustRefuseEncodedSlashes({ protect, deployment }: Plan): boolean {
  // Where all of the application is protected, it is asked in any case.
  return protect.length > 0 && !protect.includes(`${deployment.mount}/**`) && !protect.includes("/**");
}
