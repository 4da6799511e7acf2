import { compileProtection } from "../../paths/path-glob.js";
import type { LighttpdApplication } from "./lighttpd-application.js";
import { quoted, whereUrl } from "./lighttpd-text.js";
import { filterRegex, mountRegex, protectRegex, respondRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/**
 * What is rewritten to where there is no file. It has no rest of a path, since a client could write one: the application
 * reads the path that was asked for, which lighttpd tells all the same.
 */
const STAND_IN = "/.application";

/** The conditions that lead each path to an authorizer, to the application or to a file. */
export function lighttpdPaths(plan: RoutingPlan, application: LighttpdApplication): string[] {
  const { mount, root } = plan.deployment;
  const below = mount === "" ? "^/" : `${mountRegex(mount)}(?:/|$)`;
  const covered = protectRegex(plan, "characters");
  const ask = (lines: readonly string[]): string[] => (covered === undefined ? [] : whereUrl(covered, lines));
  // The later assignment counts.
  const respond = (key: string): string[] => [
    ...application.respond(key),
    ...ask(application.askAndRespond(key)),
  ];
  if (root === undefined) {
    return paragraph(["The application answers for everything."], whereUrl(below, respond(mount || "/")));
  }
  const own = respondRegex(plan, "characters");
  const filtered = filterRegex(plan, "characters");
  const branches = [
    ...(own === undefined ? [] : [whereUrl(own, respond(mount || "/"))]),
    ...(filtered === undefined ? [] : [whereUrl(filtered, filterLines(plan, { below, respond }))]),
    whereUrl(`^${STAND_IN.replace(".", String.raw`\.`)}$`, standIn(plan, application)),
    mount === "" ? block("", elsewhere(plan)) : whereUrl(below, elsewhere(plan)),
  ];
  return [
    ...(covered === undefined ? [] : paragraph(["Authorizers are asked first."], ask(application.ask))),
    ...paragraph(
      [
        "The application answers for its own paths, for files that pass through its filters, and where there is no file.",
      ],
      branches.flatMap((branch, index) =>
        index === 0 ? branch : branch.with(0, `else ${branch[0]!.trimStart()}`),
      ),
    ),
  ];
}

/** An authorizer was asked before about the path that there is no file for. A client can ask for this one too. */
function standIn({ protect }: RoutingPlan, application: LighttpdApplication): readonly string[] {
  const isProtected = protect.some((glob) => compileProtection(glob)(STAND_IN));
  return isProtected ? application.askAndRespond(STAND_IN) : application.respond(STAND_IN);
}

interface FilterOptions {
  readonly below: string;
  readonly respond: (key: string) => string[];
}

function filterLines({ deployment: { mount } }: RoutingPlan, { below, respond }: FilterOptions): string[] {
  if (mount === "") return respond("/");
  return [
    "# Outside of the mount no file is served as it is that only its filter should show.",
    'url.access-deny = ("")',
    ...whereUrl(below, ['url.access-deny = ("~")', ...respond(mount)]),
  ];
}

function elsewhere(plan: RoutingPlan): string[] {
  const rules = [
    // A folder is no file; what stands for it is served, or nothing is.
    ...(servesIndex(plan) ? [String.raw`"^[^?]*/(\?.*)?$" => ""`] : []),
    String.raw`"^[^?]*(\?.*)?$" => ${quoted(`${STAND_IN}$1`)}`,
  ];
  return [`url.rewrite-if-not-file = (${rules.join(", ")})`];
}

/**
 * Whether the file that stands for a folder may be served. lighttpd asks for the path of the folder alone, so such a file
 * must be covered with its folder, or not at all.
 */
export function servesIndex({ protect, filter }: RoutingPlan): boolean {
  return protect.every((glob) => glob.endsWith("/**") || !mayCoverIndex(glob)) && !filter.some(mayCoverIndex);
}

function mayCoverIndex(glob: string): boolean {
  const last = glob.slice(glob.lastIndexOf("/") + 1);
  if (last === "") return false;
  // Braces may have slashes in them.
  return /[{}]/.test(glob) || last === "**" || compileProtection(last)("/index.html");
}
