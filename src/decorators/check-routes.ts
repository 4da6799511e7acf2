import findMyWay from "find-my-way";

import { ConfigurationError } from "../errors.js";
import type { RouteDefinition } from "../roles/definitions.js";
import { EVERY_METHOD } from "../roles/router.js";
import { faultOfPattern, plainPattern } from "../paths/route-pattern.js";

type Methods = Parameters<ReturnType<typeof findMyWay>["on"]>[0];

/** What is needed of a route to check it. */
export type CheckedRoute = Pick<RouteDefinition, "method" | "path" | "name">;

/**
 * Checks that no two routes answer the same requests, and that their paths can be understood. It asks the router library
 * itself, with the options of roles/router.ts.
 *
 * @throws ConfigurationError `ERR_ROUTE_PATH`, `ERR_ROUTE_TWICE`
 */
export function checkRoutes(routes: Iterable<CheckedRoute>): void {
  const ofMethods = findMyWay({ ignoreTrailingSlash: true });
  const ofEvery = findMyWay({ ignoreTrailingSlash: true });
  for (const route of routes) {
    capturedNames(route);
    const { name } = route;
    const path = plainPattern(route.path);
    const [router, method] = route.method === EVERY_METHOD ? [ofEvery, "GET"] : [ofMethods, route.method];
    try {
      router.on(method as Methods, path, unused, route);
    } catch (cause) {
      const earlier = variantsOf(path)
        .map((variant) => router.findRoute(method as never, variant)?.store as CheckedRoute | undefined)
        .find((found) => found !== undefined && found !== route);
      if (earlier === undefined) throw badPath(route, (cause as Error).message, cause);
      throw new ConfigurationError(
        "ERR_ROUTE_TWICE",
        `Cannot route ${route.method} ${route.path} to ${name}: ${earlier.name} answers ${earlier.method} ${earlier.path} already; ` +
          "change the path or the method of one of them",
      );
    }
  }
}

/**
 * The names of the segments that a path captures, each with whether it is captured always; an optional last segment is
 * not.
 *
 * @throws ConfigurationError `ERR_ROUTE_PATH` where the path cannot be understood
 */
export function capturedNames(route: CheckedRoute): ReadonlyMap<string, boolean> {
  const { path } = route;
  if (!path.startsWith("/")) throw badPath(route, 'it does not start with "/"');
  const fault = faultOfPattern(path);
  if (fault !== undefined) throw badPath(route, fault);
  const captured = new Map<string, boolean>();
  const variants = variantsOf(path);
  for (const variant of variants) {
    for (const name of namesOf(route, variant)) captured.set(name, variants.length === 1);
  }
  return captured;
}

function namesOf(route: CheckedRoute, path: string): readonly string[] {
  const router = findMyWay();
  let names: readonly string[];
  try {
    router.on("GET", path, unused);
    names = router.findRoute("GET", path)?.params ?? [];
  } catch (cause) {
    throw badPath(route, (cause as Error).message, cause);
  }
  if (names.includes(""))
    throw badPath(route, 'a segment is captured without a name; write "::" for a colon');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badPath(route, `two segments are captured as ${JSON.stringify(twice)}`);
  return names;
}

/** A last segment can be optional, `/:id?`: to the library these are two routes. */
function variantsOf(path: string): readonly string[] {
  const optional = /(\/:[^/()]*?)\?(\/?)$/;
  const variants = optional.test(path)
    ? [path.replace(optional, "$1$2"), path.replace(optional, "$2") || "/"]
    : [path];
  return variants.map((variant) =>
    variant.length > 1 && variant.endsWith("/") ? variant.slice(0, -1) : variant,
  );
}

function badPath({ method, path, name }: CheckedRoute, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    "ERR_ROUTE_PATH",
    `Cannot route ${method} ${path} to ${name}: ${fact}; a path is written as "/books/:id" or "/files/*"`,
    cause,
  );
}

function unused(): void {}
