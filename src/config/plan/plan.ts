import { ConfigurationError } from "../../errors.js";
import { escapeGlob, isGlob } from "../../paths/path-glob.js";
import { routesOf, type RouteDescription } from "../../paths/routes-of.js";
import type { ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";

/**
 * What is to be done with which paths, as globs over the whole path with the mount. A Web server first has what `protect`
 * covers allowed, then takes the first that fits: what `streams` or `respond` cover and files that `filter` covers go to the
 * application; other files below `deployment.root` are its own; what is left goes to the application too, whose 404 is
 * as good as any.
 */
export interface Plan {
  readonly deployment: Deployment;
  /** What an authorizer must allow first, in any reading of a path. */
  readonly protect: readonly string[];
  /** The files that pass through a filter. Case counts. */
  readonly filter: readonly string[];
  /**
   * What a responder answers, exactly; a slash at the end makes no difference. Undefined where nothing is known of the
   * application: then that is everything which is no file.
   */
  readonly respond: readonly string[] | undefined;
  /** What of it streams. */
  readonly streams: readonly string[];
  /** The variables that authorizers hand on. */
  readonly variables: readonly string[];
}

/** Decides what goes where. What the deployment names comes on top of what the application's description says. */
export function planOf({ deployment, description }: ConfigurationSource): Plan {
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
    // Where nobody is asked nobody hands on anything.
    variables: protect.length === 0 ? [] : named,
  };
}

function requireName(variable: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) return variable;
  throw new ConfigurationError(
    "ERR_DEPLOYMENT",
    `Cannot hand on ${JSON.stringify(variable)}: the name of a variable has letters, digits and _`,
  );
}

function hasPaths({ paths }: { readonly paths: readonly string[] }): boolean {
  // Without paths it would be about everything.
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

/** `respond` also knows paths without any glob, which end in "$". */
function respondGlob(entry: string): string {
  const glob = isGlob(entry) ? entry : escapeGlob(entry.slice(0, -1));
  return glob.length > 1 ? glob.replace(/\/$/, "") : glob;
}

function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}
