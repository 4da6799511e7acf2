import { escapeGlob } from "../../paths/path-glob.js";
import { quoted, quotedRegex } from "./nginx-text.js";
import { literalRegex, pathRegex, type PathRegexOptions } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

const ROUTES: PathRegexOptions = { unit: "bytes", covers: "route" };
const FILES: PathRegexOptions = { ...ROUTES, covers: "file" };

/**
 * The locations of what is not answered in the {@link standard} way.
 *
 * @param folders what {@link emptyFolders} says, where nothing is protected: inside of a location that asks an authorizer it would
 *   replace what a denial leads to
 */
export function locations(plan: RoutingPlan, folders: readonly string[] = []): string[] {
  const { deployment, streams, respond = [], filter } = plan;
  const { root, mount } = deployment;
  const location = (regex: string, lines: readonly string[]): string[] =>
    block(`location ~ ${quotedRegex(regex)}`, lines);
  const routes = respond.filter((glob) => !streams.includes(glob));
  const own = [
    ...(routes.length === 0 ? [] : [pathRegex(routes, ROUTES)]),
    ...(filter.length === 0 ? [] : [pathRegex(filter, FILES)]),
  ];
  return [
    ...paragraph(
      "Answers that leave as they are produced.",
      streams.length === 0
        ? []
        : location(pathRegex(streams, ROUTES), ["fastcgi_buffering off;", ...pass(plan)]),
    ),
    ...paragraph(
      "The application's own, also where there is such a file: its routes, and the files that it filters.",
      own.length === 0 || root === undefined ? [] : location(own.join("|"), pass(plan)),
    ),
    ...paragraph(
      "Nobody is served a file or folder whose name begins with a dot.",
      root === undefined ? [] : location(DOT_FILES, mount === "" ? pass(plan) : ["return 404;"]),
    ),
    ...paragraph(
      "Where the application is mounted.",
      mount === ""
        ? []
        : location(pathRegex([`${escapeGlob(mount)}/**`], ROUTES), [...inside(plan), ...folders]),
    ),
  ];
}

/** `/.well-known/` is where certificates and others are looked for (RFC 8615). */
const DOT_FILES = String.raw`/\.(?!well-known/)`;

/** What is done with everything else. */
export function standard(plan: RoutingPlan): string[] {
  const { mount, root } = plan.deployment;
  if (mount === "") return inside(plan);
  return root === undefined ? ["return 404;"] : ["try_files $uri $uri/ =404;"];
}

/**
 * Has the application answer for a folder without an index file, which nginx would answer with 403. Its path stays the one that
 * was asked for. Never where an authorizer is asked, whose denial is a 403 too.
 */
export function emptyFolders({ deployment: { root }, respond }: RoutingPlan): string[] {
  if (root === undefined || respond === undefined) return [];
  return ["# A folder without an index file.", "error_page 403 = @application;"];
}

function inside(plan: RoutingPlan): string[] {
  if (plan.deployment.root === undefined) return pass(plan);
  // Where the routes are not known, "/" may be one of them, and that is always a folder.
  return [plan.respond === undefined ? "try_files $uri @application;" : "try_files $uri $uri/ @application;"];
}

/** Sends a request to the application. */
export function pass({ deployment }: RoutingPlan): string[] {
  const { mount, name } = deployment;
  const split = String.raw`^(${literalRegex(mount)})(/[\s\S]*)$`;
  return [
    ...(mount === "" ? [] : [`fastcgi_split_path_info ${quotedRegex(split)};`]),
    `fastcgi_pass ${quoted(name)};`,
  ];
}
