import { compileProtection } from "../../paths/path-glob.js";
import type { LighttpdApplication } from "./lighttpd-application.js";
import { lighttpdString, urlCondition } from "./lighttpd-text.js";
import { filterRegex, mountRegex, protectRegex, respondRegex } from "../plan/plan-regex.js";
import { FALLBACK_PATH, type RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** The conditions that map each path to an authorizer, the application or a file. */
export function lighttpdPaths(plan: RoutingPlan, application: LighttpdApplication): string[] {
  const { mount, root } = plan.deployment;
  const below = mount === "" ? "^/" : `${mountRegex(mount)}(?:/|$)`;
  const covered = protectRegex(plan, "characters");
  const ask = (lines: readonly string[]): string[] =>
    covered === undefined ? [] : urlCondition(covered, lines);
  // The last assignment counts.
  const respond = (key: string): string[] => [
    ...application.respond(key),
    ...ask(application.askAndRespond(key)),
  ];
  if (root === undefined) {
    return paragraph(["The application handles all paths."], urlCondition(below, respond(mount || "/")));
  }
  const own = respondRegex(plan, "characters");
  const filtered = filterRegex(plan, "characters");
  const branches = [
    ...(own === undefined ? [] : [urlCondition(own, respond(mount || "/"))]),
    ...(filtered === undefined ? [] : [urlCondition(filtered, filterDirectives(plan, { below, respond }))]),
    urlCondition(`^${FALLBACK_PATH.replace(".", String.raw`\.`)}$`, fallbackDirectives(plan, application)),
    mount === "" ? block("", fileDirectives(plan)) : urlCondition(below, fileDirectives(plan)),
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

/** The authorizer has already allowed the requested path. A client can also request this one directly. */
function fallbackDirectives({ protect }: RoutingPlan, application: LighttpdApplication): readonly string[] {
  const isProtected = protect.some((glob) => compileProtection(glob)(FALLBACK_PATH));
  return isProtected ? application.askAndRespond(FALLBACK_PATH) : application.respond(FALLBACK_PATH);
}

interface FilterOptions {
  readonly below: string;
  readonly respond: (key: string) => string[];
}

function filterDirectives(
  { deployment: { mount } }: RoutingPlan,
  { below, respond }: FilterOptions,
): string[] {
  if (mount === "") return respond("/");
  return [
    "# Outside the mount, filtered files are not served.",
    'url.access-deny = ("")',
    ...urlCondition(below, ['url.access-deny = ("~")', ...respond(mount)]),
  ];
}

function fileDirectives(plan: RoutingPlan): string[] {
  const rules = [
    // A folder is not a file; only its index file may be served.
    ...(servesIndex(plan) ? [String.raw`"^[^?]*/(\?.*)?$" => ""`] : []),
    String.raw`"^[^?]*(\?.*)?$" => ${lighttpdString(`${FALLBACK_PATH}$1`)}`,
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
