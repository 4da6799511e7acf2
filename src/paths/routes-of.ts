import { escapeGlob, globBelow } from "./path-glob.js";
import { decodedLiteral } from "./route-pattern.js";

/**
 * Which paths need which role. Paths are decoded and start with "/". A glob without "/" is compared with the last segment of
 * a path ("*.txt"), one with "/" with the whole path ("/members/**").
 */
export interface GatewayRoutes {
  /** Globs of paths that an authorizer (role 2) must allow first, in any reading of the path. */
  readonly protect: readonly string[];
  /** Globs of files that pass through a filter (role 3). */
  readonly filter: readonly string[];
  /**
   * Paths that go to a responder (role 1): a prefix of whole segments ("/api" is "/api" and all below), a single path
   * ("/books$"), or a glob ("/books/*"). A trailing slash makes no difference.
   */
  readonly respond: readonly string[];
}

/** The part of an application's description that {@link routesOf} reads. */
export interface RouteDescription {
  readonly responders: readonly {
    /** `streams`: the Web server must not buffer the answer. */
    readonly routes: readonly { readonly path: string; readonly streams?: boolean }[];
  }[];
  /** `variables`: the names that it may set. */
  readonly authorizers: readonly {
    readonly paths: readonly string[];
    readonly variables?: readonly string[];
  }[];
  readonly filters: readonly { readonly paths: readonly string[] }[];
}

/** Options of {@link routesOf}. */
export interface RoutesOfOptions {
  /** The prefix of the application, such as "/app"; "" for the root, the default. */
  readonly mount?: string;
}

/**
 * Derives a gateway's routes from an application's description: each authorizer's globs are protected (all paths if it has
 * none), each filter's globs are filtered, and only the declared routes go to responders, so that all other paths can be
 * files.
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

/** Returns the entries of `respond` for a route pattern: "/books/:id" becomes "/books/*". */
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
  // A wildcard after text covers all following segments; a captured part ends at the next slash.
  const wildcard = segment.indexOf("*");
  return wildcard > 0 && !segment.includes(":")
    ? `${escapeGlob(textOf(segment.slice(0, wildcard)))}*{,/**}`
    : "*";
}

/** Returns the decoded text of a literal part. */
function textOf(part: string): string {
  return decodedLiteral(part.replaceAll("::", ":"));
}

function unique(entries: readonly string[]): string[] {
  return [...new Set(entries)];
}
