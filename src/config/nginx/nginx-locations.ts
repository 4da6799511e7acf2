import { nginxNames } from "./nginx-names.js";
import { nginxWord, nginxRegex } from "./nginx-text.js";
import { literalRegex, pathRegex, type PathRegexOptions } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

const ROUTES: PathRegexOptions = { unit: "bytes", covers: "route" };
const FILES: PathRegexOptions = { ...ROUTES, covers: "file" };

/**
 * The locations that do not use {@link defaultDirectives}.
 *
 * @param guard directives at the start of each location, because a location does not inherit `if`
 */
export function specialLocations(plan: RoutingPlan, guard: readonly string[] = []): string[] {
  const { deployment, streams, respond = [], filter } = plan;
  const { root } = deployment;
  const location = (regex: string, lines: readonly string[]): string[] =>
    block(`location ~ ${nginxRegex(regex)}`, [...guard, ...lines]);
  const routes = respond.filter((glob) => !streams.includes(glob));
  const own = [
    ...(routes.length === 0 ? [] : [pathRegex(routes, ROUTES)]),
    ...(filter.length === 0 ? [] : [pathRegex(filter, FILES)]),
  ];
  return [
    ...paragraph(
      "Responses that are sent as they are produced.",
      streams.length === 0
        ? []
        : location(pathRegex(streams, ROUTES), ["fastcgi_buffering off;", ...passDirectives(plan)]),
    ),
    ...paragraph(
      "Routes and filtered files, which take precedence over static files.",
      own.length === 0 || root === undefined ? [] : location(own.join("|"), passDirectives(plan)),
    ),
    ...paragraph(
      "Files and folders whose names begin with a dot are not served.",
      root === undefined ? [] : location(DOT_FILES, passDirectives(plan)),
    ),
  ];
}

/** Except `/.well-known/`, which certificate authorities and others request (RFC 8615). */
const DOT_FILES = String.raw`/\.(?!well-known/)`;

/** Directives for all other requests. */
export function defaultDirectives(plan: RoutingPlan): string[] {
  if (plan.deployment.root === undefined) return passDirectives(plan);
  const { application } = nginxNames(plan.deployment);
  // If the routes are unknown, "/" may be one of them, and it is always a folder.
  return [`try_files $uri ${plan.respond === undefined ? "" : "$uri/ "}${application};`];
}

/**
 * Directives that send a folder without an index file to the application, with the requested path. nginx would answer 403. Not for
 * protected locations, in which a denial is a 403 too.
 */
export function emptyFolderDirectives({ deployment, respond }: RoutingPlan): string[] {
  if (deployment.root === undefined || respond === undefined) return [];
  return ["# A folder without an index file.", `error_page 403 = ${nginxNames(deployment).application};`];
}

/** Directives that send a request to the application. */
export function passDirectives({ deployment }: RoutingPlan): string[] {
  const { mount } = deployment;
  const split = String.raw`^(${literalRegex(mount)})(/[\s\S]*)$`;
  return [
    ...(mount === "" ? [] : [`fastcgi_split_path_info ${nginxRegex(split)};`]),
    `fastcgi_pass ${nginxWord(nginxNames(deployment).upstream)};`,
  ];
}
