import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import type { RoutingPlan } from "../plan/plan.js";
import { nginxRegex } from "./nginx-text.js";

/** A raw path in which ".." may remove an empty segment, which is none to the application: "/x//../members". */
export const DOTS_AFTER_SLASHES = String.raw`^(?>[^?]*?//)(?:[^?]*/)?(?:\.|%2[eE]){2}(?:[/?]|$)`;

/** Directives that answer 400 if a variable matches. */
export function refuse(variable: string, regex: string): string[] {
  return [`if (${variable} ~ ${nginxRegex(regex)}) { return 400; }`];
}

/**
 * Directives for each location of a site that refuse what a whole server refuses outside of locations: %2F and several slashes, if
 * only a part of the paths is protected.
 */
export function guardDirectives(plan: RoutingPlan): string[] {
  const { protect, deployment } = plan;
  if (protect.length === 0 || protect.includes(`${deployment.mount}/**`)) return [];
  const raw = [...(mustRefuseEncodedSlashes(plan) ? [ENCODED_SLASH] : []), DOTS_AFTER_SLASHES].join("|");
  return [...refuse("$uri", "//"), ...refuse("$request_uri", raw)];
}
