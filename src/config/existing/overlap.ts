import type { RoutingPlan } from "../plan/plan.js";

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

/** Whether a folder that a site serves contains the files of the application. */
export function contains(folder: string, root: string): boolean {
  if (folder === "") return false;
  const outer = folder.replace(/\/+$/, "");
  return root === outer || root.startsWith(`${outer}/`);
}
