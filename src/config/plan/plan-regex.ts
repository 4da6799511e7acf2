import type { RegexUnit } from "./literal-regex.js";
import { pathRegex } from "./path-regex.js";
import type { Plan } from "./plan.js";

/** What an authorizer must allow, for PCRE; undefined where that is nothing. */
export function protectRegex({ protect }: Pick<Plan, "protect">, unit: RegexUnit): string | undefined {
  return protect.length === 0 ? undefined : `(?i)${pathRegex(protect, { unit, covers: "anyReading" })}`;
}

/** What a responder answers, be there a file or not; undefined where nothing is known of that. */
export function respondRegex(
  { respond = [], streams }: Pick<Plan, "respond" | "streams">,
  unit: RegexUnit,
): string | undefined {
  const globs = [...respond, ...streams];
  return globs.length === 0 ? undefined : pathRegex(globs, { unit, covers: "route" });
}

/** The files that pass through a filter; undefined where there are none. */
export function filterRegex({ filter }: Pick<Plan, "filter">, unit: RegexUnit): string | undefined {
  return filter.length === 0 ? undefined : pathRegex(filter, { unit, covers: "file" });
}

/** The start of every path below a mount, which has nothing but segments of letters, digits and `. _ ~ -`. */
export function mountRegex(mount: string): string {
  return `^${mount.replaceAll(".", String.raw`\.`)}`;
}
