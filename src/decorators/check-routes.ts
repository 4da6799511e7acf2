import { METHODS } from "node:http";

import { ConfigurationError } from "../errors.js";
import type { RouteDefinition } from "../roles/definitions.js";
import { EVERY_METHOD } from "../roles/router.js";
import { faultOfPattern, onlyPathOf, optionalVariants, plainPattern } from "../paths/route-pattern.js";
import { routeTree, type RouteTree } from "../paths/route-tree.js";

type RouterMethod = Parameters<RouteTree["on"]>[0];

/** The part of a route that is checked. */
export type CheckedRoute = Pick<RouteDefinition, "method" | "path" | "name">;

/**
 * Checks that no two routes answer the same requests and that their paths are valid: by adding those that capture segments to
 * the router library, with the options of roles/router.ts.
 *
 * @throws ConfigurationError `ERR_ROUTE_PATH`, `ERR_ROUTE_TWICE`
 */
export function checkRoutes(routes: Iterable<CheckedRoute>): void {
  const fixed = new Map<string, CheckedRoute>();
  const trees = new Map<string, RouteTree>();
  for (const route of routes) {
    capturedNames(route);
    const path = plainPattern(route.path);
    const onlyPaths = optionalVariants(path).map(onlyPathOf);
    for (const onlyPath of onlyPaths) {
      if (onlyPath === undefined) continue;
      const key = `${route.method} ${onlyPath}`;
      const earlier = fixed.get(key);
      if (earlier !== undefined) throw routedTwice(route, earlier);
      fixed.set(key, route);
    }
    // The library also knows methods that this Node.js does not, and refuses others.
    if (onlyPaths.includes(undefined) || !METHODS_WITHOUT_LIBRARY.has(route.method)) {
      addToTree(trees, route, path);
    }
  }
}

const METHODS_WITHOUT_LIBRARY: ReadonlySet<string> = new Set([...METHODS, EVERY_METHOD]);

function addToTree(trees: Map<string, RouteTree>, route: CheckedRoute, path: string): void {
  const [kind, method] = route.method === EVERY_METHOD ? ["every", "GET"] : ["one", route.method];
  const tree = trees.get(kind) ?? routeTree({ ignoreTrailingSlash: true });
  trees.set(kind, tree);
  try {
    tree.on(method as RouterMethod, path, noHandler, route);
  } catch (cause) {
    const earlier = optionalVariants(path)
      .map((variant) => tree.findRoute(method as never, variant)?.store as CheckedRoute | undefined)
      .find((found) => found !== undefined && found !== route);
    throw earlier === undefined
      ? badPath(route, (cause as Error).message, cause)
      : routedTwice(route, earlier);
  }
}

function routedTwice({ method, path, name }: CheckedRoute, earlier: CheckedRoute): ConfigurationError {
  return new ConfigurationError(
    "ERR_ROUTE_TWICE",
    `Cannot route ${method} ${path} to ${name}: ${earlier.name} already answers ${earlier.method} ${earlier.path}; ` +
      "change the path or the method of one of them",
  );
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
  if (onlyPathOf(path) !== undefined) return [];
  const router = routeTree();
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

function badPath({ method, path, name }: CheckedRoute, fact: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(
    "ERR_ROUTE_PATH",
    `Cannot route ${method} ${path} to ${name}: ${fact}; write a path such as "/books/:id" or "/files/*"`,
    cause,
  );
}

function noHandler(): void {}
