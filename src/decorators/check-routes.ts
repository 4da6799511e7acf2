import findMyWay from "find-my-way";

import { ConfigurationError } from "../errors.js";
import type { RouteDefinition } from "../roles/definitions.js";
import { EVERY_METHOD } from "../roles/router.js";
import { faultOfPattern, plainPattern } from "../paths/route-pattern.js";

type RouterMethod = Parameters<ReturnType<typeof findMyWay>["on"]>[0];

/** The part of a route that is checked. */
export type CheckedRoute = Pick<RouteDefinition, "method" | "path" | "name">;

/**
 * Checks that no two routes answer the same requests and that their paths are valid, by adding them to the router library
 * with the options of roles/router.ts.
 *
 * @throws ConfigurationError `ERR_ROUTE_PATH`, `ERR_ROUTE_TWICE`
 */
export function checkRoutes(routes: Iterable<CheckedRoute>): void {
  const byMethod = findMyWay({ ignoreTrailingSlash: true });
  const anyMethod = findMyWay({ ignoreTrailingSlash: true });
  for (const route of routes) {
    capturedNames(route);
    const { name } = route;
    const path = plainPattern(route.path);
    const [router, method] = route.method === EVERY_METHOD ? [anyMethod, "GET"] : [byMethod, route.method];
    try {
      router.on(method as RouterMethod, path, noHandler, route);
    } catch (cause) {
      const earlier = optionalVariants(path)
        .map((variant) => router.findRoute(method as never, variant)?.store as CheckedRoute | undefined)
        .find((found) => found !== undefined && found !== route);
      if (earlier === undefined) throw badPath(route, (cause as Error).message, cause);
      throw new ConfigurationError(
        "ERR_ROUTE_TWICE",
        `Cannot route ${route.method} ${route.path} to ${name}: ${earlier.name} already answers ${earlier.method} ${earlier.path}; ` +
          "change the path or the method of one of them",
      );
    }
  }
}

/**
 * The names of the segments that a path captures, each with whether it is always captured: an optional last segment is
 * not.
 *
 * @throws ConfigurationError `ERR_ROUTE_PATH` for an invalid path
 */
export function capturedNames(route: CheckedRoute): ReadonlyMap<string, boolean> {
  const { path } = route;
  if (!path.startsWith("/")) throw badPath(route, 'it does not start with "/"');
  const fault = faultOfPattern(path);
  if (fault !== undefined) throw badPath(route, fault);
  const captured = new Map<string, boolean>();
  const variants = optionalVariants(path);
  for (const variant of variants) {
    for (const name of namesInVariant(route, variant)) captured.set(name, variants.length === 1);
  }
  return captured;
}

function namesInVariant(route: CheckedRoute, path: string): readonly string[] {
  const router = findMyWay();
  let names: readonly string[];
  try {
    router.on("GET", path, noHandler);
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

/** The path with and without its optional last segment, `/:id?`, which the router library adds as two routes. */
function optionalVariants(path: string): readonly string[] {
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
    `Cannot route ${method} ${path} to ${name}: ${fact}; write a path such as "/books/:id" or "/files/*"`,
    cause,
  );
}

function noHandler(): void {}
