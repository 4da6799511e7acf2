import { compileProtection } from "../../paths/path-glob.js";
import type { LighttpdApplication } from "./lighttpd-application.js";
import { lighttpdString, urlCondition } from "./lighttpd-text.js";
import { filterRegex, mountRegex, protectRegex, respondRegex } from "../plan/plan-regex.js";
import { FALLBACK_PATH, type RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** The conditions that map each path to an authorizer, the application or a file. A mount is the condition around them. */
export function lighttpdPaths(plan: RoutingPlan, application: LighttpdApplication): string[] {
  const { mount, root } = plan.deployment;
  const covered = protectRegex(plan, "characters");
  const ask = (lines: readonly string[]): string[] =>
    covered === undefined ? [] : urlCondition(covered, lines);
  // The last assignment counts.
  const respond = [...application.respond(mount || "/"), ...ask(application.askAndRespond(mount || "/"))];
  if (root === undefined) {
    return paragraph(
      ["The application handles all paths."],
      mount === "" ? urlCondition("^/", respond) : respond,
    );
  }
  const own = respondRegex(plan, "characters");
  const filtered = filterRegex(plan, "characters");
  const branches = [
    ...(own === undefined ? [] : [urlCondition(own, respond)]),
    ...(filtered === undefined ? [] : [urlCondition(filtered, respond)]),
    urlCondition(`${mountRegex(fallbackPath(plan))}$`, fallbackDirectives(plan, application)),
    block("", fileDirectives(plan)),
  ];
  return [
    ...(covered === undefined ? [] : paragraph(["Authorizers are asked first."], ask(application.ask))),
    ...paragraph(
      ["The application handles its own paths, filtered files, and paths without a file."],
      branches.flatMap((branch, index) =>
        index === 0 ? branch : branch.with(0, `else ${branch[0]!.trimStart()}`),
      ),
    ),
  ];
}

/** The condition for the mount and all paths below it. */
export function mountCondition(mount: string, lines: readonly string[]): string[] {
  return urlCondition(`${mountRegex(mount)}(?:/|$)`, lines);
}

/** The path to which requests without a file are rewritten, at the mount. */
function fallbackPath({ deployment: { mount } }: RoutingPlan): string {
  return mount + FALLBACK_PATH;
}

/** The authorizer has already allowed the requested path. A client can also request this one directly. */
function fallbackDirectives(plan: RoutingPlan, application: LighttpdApplication): readonly string[] {
  const path = fallbackPath(plan);
  const isProtected = plan.protect.some((glob) => compileProtection(glob)(path));
  return isProtected ? application.askAndRespond(path) : application.respond(path);
}

function fileDirectives(plan: RoutingPlan): string[] {
  const rules = [
    // A folder is not a file; only its index file may be served.
    ...(servesIndex(plan) ? [String.raw`"^[^?]*/(\?.*)?$" => ""`] : []),
    String.raw`"^[^?]*(\?.*)?$" => ${lighttpdString(`${fallbackPath(plan)}$1`)}`,
  ];
  return [`url.rewrite-if-not-file = (${rules.join(", ")})`];
}

/**
 * Whether index files may be served. lighttpd asks the authorizer about the path of the folder only, so a glob must cover the index
 * file together with its folder, or not at all.
 */
export function servesIndex({ protect, filter }: RoutingPlan): boolean {
  return protect.every((glob) => glob.endsWith("/**") || !mayCoverIndex(glob)) && !filter.some(mayCoverIndex);
}

function mayCoverIndex(glob: string): boolean {
  const last = glob.slice(glob.lastIndexOf("/") + 1);
  if (last === "") return false;
  // Braces may contain slashes.
  return /[{}]/.test(glob) || last === "**" || compileProtection(last)("/index.html");
}
