import { ConfigurationError } from "../../errors.js";
import { escapeGlob, isGlob } from "../../paths/path-glob.js";
import { routesOf, type RouteDescription } from "../../paths/routes-of.js";
import type { ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";

/**
 * How a Web server handles paths, as globs over the whole path including the mount. First an authorizer must allow those of
 * `protect`. Then the first that matches applies: paths of `streams` or `respond` and files of `filter` go to the application;
 * other files below `deployment.root` are served by the Web server; the rest goes to the application, which responds with 404.
 */
export interface RoutingPlan {
  readonly deployment: Deployment;
  /** The paths that an authorizer must allow, in any reading. */
  readonly protect: readonly string[];
  /** The filtered files, case-sensitive. */
  readonly filter: readonly string[];
  /**
   * The exact paths of responders, with or without a trailing slash. Undefined if they are unknown: then every path that is not
   * a file.
   */
  readonly respond: readonly string[] | undefined;
  /** Those of them that stream. */
  readonly streams: readonly string[];
  /** The variables that authorizers set. */
  readonly variables: readonly string[];
}

/**
 * The path to which Web servers rewrite a request if there is no file. Fixed, because a client could choose PATH_INFO otherwise; the
 * application reads the requested path from another variable.
 */
export const FALLBACK_PATH = "/.application";

/** Combines the application's description with the globs and variables of the deployment. */
export function routingPlanOf({ deployment, description }: ConfigurationSource): RoutingPlan {
  const { mount } = deployment;
  const declared: RouteDescription = {
    responders: [],
    authorizers: [{ paths: deployment.protect ?? [] }].filter(hasPaths),
    filters: [{ paths: deployment.filter ?? [] }].filter(hasPaths),
  };
  const own = routesOf(description, { mount });
  const added = routesOf(declared, { mount });
  const protect = union(own.protect, added.protect);
  const named = union(
    description.authorizers.flatMap(({ variables = [] }) => variables),
    deployment.variables ?? [],
  ).map(requireName);
  return {
    deployment,
    protect,
    filter: union(own.filter, added.filter),
    respond: isUnknown(description) ? undefined : own.respond.map(respondGlob),
    streams: union(streamsOf(description, mount), belowMount(deployment.streams ?? [], mount)),
    // Without authorizers, there are no variables.
    variables: protect.length === 0 ? [] : named,
  };
}

function requireName(variable: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) return variable;
  throw new ConfigurationError(
    "ERR_DEPLOYMENT",
    `Cannot set variable ${JSON.stringify(variable)}: its name must have only letters, digits and _`,
  );
}

function hasPaths({ paths }: { readonly paths: readonly string[] }): boolean {
  // An empty list would mean all paths.
  return paths.length > 0;
}

function isUnknown({ responders, authorizers, filters }: RouteDescription): boolean {
  return responders.length + authorizers.length + filters.length === 0;
}

function streamsOf({ responders }: RouteDescription, mount: string): string[] {
  const streaming = responders.map(({ routes }) => ({
    routes: routes.filter(({ streams }) => streams === true),
  }));
  return routesOf({ responders: streaming, authorizers: [], filters: [] }, { mount }).respond.map(
    respondGlob,
  );
}

function belowMount(globs: readonly string[], mount: string): string[] {
  return routesOf(
    { responders: [], authorizers: [], filters: [{ paths: globs }].filter(hasPaths) },
    { mount },
  ).filter.slice();
}

/** `respond` also has exact paths, which end with "$". */
function respondGlob(entry: string): string {
  const glob = isGlob(entry) ? entry : escapeGlob(entry.slice(0, -1));
  return glob.length > 1 ? glob.replace(/\/$/, "") : glob;
}

function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}
