import type { RegexUnit } from "./literal-regex.js";
import { pathRegex } from "./path-regex.js";
import type { RoutingPlan } from "./plan.js";

/** The paths that an authorizer must allow, for PCRE; undefined if there are none. */
export function protectRegex({ protect }: Pick<RoutingPlan, "protect">, unit: RegexUnit): string | undefined {
  return protect.length === 0 ? undefined : `(?i)${pathRegex(protect, { unit, covers: "anyReading" })}`;
}

/** The paths of responders, whether a file exists or not; undefined if they are unknown. */
export function respondRegex(
  { respond = [], streams }: Pick<RoutingPlan, "respond" | "streams">,
  unit: RegexUnit,
): string | undefined {
  const globs = [...respond, ...streams];
  return globs.length === 0 ? undefined : pathRegex(globs, { unit, covers: "route" });
}

/** The filtered files; undefined if there are none. */
export function filterRegex({ filter }: Pick<RoutingPlan, "filter">, unit: RegexUnit): string | undefined {
  return filter.length === 0 ? undefined : pathRegex(filter, { unit, covers: "file" });
}

/** The start of every path below a mount, whose segments have only letters, digits and `. _ ~ -`. */
export function mountRegex(mount: string): string {
  return `^${mount.replaceAll(".", String.raw`\.`)}`;
}
