import { escapeGlob, globBelow } from "./path-glob.js";
import { decodedLiteral } from "./route-pattern.js";

/**
 * What needs which role. Paths are decoded and start with "/". A glob without "/" is compared with the last segment
 * of a path ("*.txt"), one with "/" with the whole path ("/members/**").
 */
export interface GatewayRoutes {
  /** Globs of what an authorizer (role 2) must allow first, whoever answers then, in any reading of the path. */
  readonly protect: readonly string[];
  /** Globs of the files that pass through a filter (role 3). */
  readonly filter: readonly string[];
  /**
   * What goes to a responder (role 1): a prefix of whole segments ("/api" is "/api" and all below), one path alone
   * ("/books$"), or a glob ("/books/*"). A slash at the end of a path makes no difference.
   */
  readonly respond: readonly string[];
}

/** What {@link routesOf} needs to know of an application; `application.description` has this shape. */
export interface RouteDescription {
  readonly responders: readonly {
    /** `streams`: its answer leaves as it is produced, so that no Web server should collect it. */
    readonly routes: readonly { readonly path: string; readonly streams?: boolean }[];
  }[];
  /** `variables`: the names that it may hand on. */
  readonly authorizers: readonly {
    readonly paths: readonly string[];
    readonly variables?: readonly string[];
  }[];
  readonly filters: readonly { readonly paths: readonly string[] }[];
}

/** Options of {@link routesOf}. */
export interface RoutesOfOptions {
  /** The prefix below which the application lives, such as "/app"; "" where it is the root. */
  readonly mount?: string;
}

/**
 * Reads off an application's description what a gateway has to send where: each authorizer's globs are protected (all
 * paths where it has none), each filter's globs are filtered, and exactly the declared routes go to the responders,
 * so that all other paths stay free for files.
 */
export function routesOf(description: RouteDescription, { mount = "" }: RoutesOfOptions = {}): GatewayRoutes {
  const prefix = mount.replace(/\/$/, "");
  const globs = (definitions: readonly { readonly paths: readonly string[] }[]): string[] => {
    const all = definitions.flatMap(({ paths }) => (paths.length === 0 ? ["/**"] : paths));
    return unique(all.map((glob) => globBelow(glob, prefix)));
  };
  const routes = description.responders.flatMap((responder) => responder.routes);
  return {
    protect: globs(description.authorizers),
    filter: globs(description.filters),
    respond: unique(routes.flatMap(({ path }) => routeEntries(prefix + path))),
  };
}

/** The entries of `respond` that cover one route pattern: "/books/:id" becomes "/books/*". */
function routeEntries(pattern: string): string[] {
  const optional = /^(.*)\/[^/]*\?$/.exec(pattern);
  if (optional !== null) return [...routeEntries(optional[1] || "/"), ...routeEntries(pattern.slice(0, -1))];
  const segments = pattern.split("/");
  if (!segments.every(isLiteral)) return [segments.map(segmentGlob).join("/")];
  const literal = textOf(pattern);
  const escaped = escapeGlob(literal);
  return [escaped === literal ? `${literal}$` : escaped];
}

function isLiteral(segment: string): boolean {
  return !/[:*]/.test(segment.replaceAll("::", ""));
}

function segmentGlob(segment: string): string {
  if (isLiteral(segment)) return escapeGlob(textOf(segment));
  if (segment === "*") return "**";
  // A wildcard behind a text goes on through all further segments; a captured part ends at the next slash.
  const wildcard = segment.indexOf("*");
  return wildcard > 0 && !segment.includes(":")
    ? `${escapeGlob(textOf(segment.slice(0, wildcard)))}*{,/**}`
    : "*";
}

/** What a literal part of a path stands for, decoded. */
function textOf(part: string): string {
  return decodedLiteral(part.replaceAll("::", ":"));
}

function unique(entries: readonly string[]): string[] {
  return [...new Set(entries)];
}
