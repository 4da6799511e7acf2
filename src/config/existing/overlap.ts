import type { RoutingPlan } from "../plan/plan.js";
import type { Finding } from "./examiner.js";

/** Whether a path is the mount or below it. */
export function isBelow(path: string, mount: string): boolean {
  return path === mount || path.startsWith(`${mount}/`);
}

/** Whether a glob of what an authorizer must allow may cover a path that starts with a prefix. */
export function mayProtectBelow({ protect }: RoutingPlan, prefix: string): boolean {
  return protect.some((glob) => {
    if (!glob.startsWith("/")) return true;
    const literal = glob.slice(0, glob.search(/[*?[\]{}()!\\]|$/)).toLowerCase();
    const wanted = prefix.toLowerCase();
    return literal.startsWith(wanted) || wanted.startsWith(literal);
  });
}

/**
 * What it means that a site serves a folder, or a file, without asking the application; undefined if it has no files of the
 * application that are protected or filtered.
 */
export function servedByTheSite(
  plan: RoutingPlan,
  folder: string,
): Pick<Finding, "weight" | "fact"> | undefined {
  const { root, mount } = plan.deployment;
  if (folder === "" || root === undefined || plan.protect.length + plan.filter.length === 0) return undefined;
  const outer = folder.replace(/\/+$/, "");
  const unasked = "and no authorizer or filter is asked there";
  if (isBelow(root, outer)) {
    const weight = plan.protect.length > 0 ? "stops" : "note";
    return { weight, fact: `contains the files of ${root}, ${unasked}` };
  }
  if (!isBelow(outer, root) || !mayProtectBelow(plan, mount + outer.slice(root.length))) return undefined;
  return { weight: "stops", fact: `is in ${root}, ${unasked}` };
}
