import {
  comparedPath,
  onlyPathOf,
  optionalVariants,
  plainPattern,
  routedPath,
} from "../paths/route-pattern.js";
import { routeTree, type RouteTree } from "../paths/route-tree.js";

/** A route that was found, and the segments that it captured. */
export interface Found<T> {
  readonly value: T;
  readonly pathParams: Readonly<Record<string, string>>;
}

/** Why no route was found. */
export type NotFound =
  | { readonly reason: "path" }
  | { readonly reason: "method"; readonly allowed: readonly string[] };

type Methods = Parameters<RouteTree["find"]>[0];

/** The longest segment that a route captures, in characters. */
const MAX_SEGMENT = 4096;

const options = {
  ignoreTrailingSlash: true,
  maxParamLength: MAX_SEGMENT,
  // The router gets paths only.
  querystringParser: () => undefined,
};

/** The method of a route that answers all methods. */
export const EVERY_METHOD = "*";

/** What a route without captured segments captures. */
const NOTHING: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

/**
 * Finds the route of a method and a path. Routes without captured segments go first, and are found by their path; the others
 * by the find-my-way library, in which static segments go before captured ones.
 */
export class Router<T> {
  /** The routes without captured segments, by method and path. */
  readonly #fixed = new Map<string, Map<string, Found<T>>>();
  /** The other routes; undefined without any. */
  #tree: RouteTree | undefined;
  readonly #methods = new Set<string>();
  /** The routes of every method that capture segments, each as one of GET. */
  #every: RouteTree | undefined;
  /** The routes that capture segments, as they were added; kept only to merge those of a method with those of every method. */
  readonly #captured: { readonly method: string; readonly path: string; readonly value: T }[] = [];
  /** By method: its routes that capture segments and those of every method in one tree, made when it is first needed. */
  readonly #merged = new Map<string, RouteTree>();

  /** Adds a route. Throws for an invalid path or method, and for a route that exists already. */
  add(method: string, pattern: string, value: T): void {
    const path = plainPattern(pattern);
    if (method !== EVERY_METHOD) this.#methods.add(method);
    const onlyPath = onlyPathOf(path);
    if (onlyPath !== undefined) {
      const fixed = this.#fixed.get(method) ?? new Map<string, Found<T>>();
      if (fixed.has(onlyPath)) throw new Error(`Cannot add route: ${method} ${pattern} exists already`);
      this.#fixed.set(method, fixed.set(onlyPath, { value, pathParams: NOTHING }));
      return;
    }
    if (method === EVERY_METHOD) (this.#every ??= routeTree(options)).on("GET", path, unused, value);
    else (this.#tree ??= routeTree(options)).on(method as Methods, path, unused, value);
    this.#captured.push({ method, path, value });
    this.#merged.clear();
  }

  /**
   * The route, or undefined. A HEAD without a route of its own finds that of GET. A route of every method is found if no route of
   * the method has the same path, or one with more static segments.
   */
  find(method: string, target: string): Found<T> | undefined {
    const path = routedPath(target);
    if (method !== "HEAD") return this.#lookUpBoth(method, path);
    return this.#lookUp(method, path) ?? this.#lookUpBoth("GET", path);
  }

  /** Whether a route matches this path, for any method. */
  knows(path: string): boolean {
    return this.#lookUpEvery(routedPath(path)) !== undefined || this.explain(path).reason === "method";
  }

  /** Why {@link find} found nothing: 404 or 405. */
  explain(target: string): NotFound {
    const path = routedPath(target);
    const allowed = new Set<string>();
    for (const method of this.#methods) {
      if (this.#lookUp(method, path) === undefined) continue;
      allowed.add(method);
      if (method === "GET") allowed.add("HEAD");
    }
    if (allowed.size === 0) return { reason: "path" };
    return { reason: "method", allowed: [...allowed.add("OPTIONS")].sort() };
  }

  #lookUp(method: string, path: string): Found<T> | undefined {
    // Only methods that were added: the router looks them up in an object that a peer's "__proto__" must not reach.
    if (!this.#methods.has(method)) return undefined;
    return this.#lookUpFixed(method, path) ?? foundIn(this.#tree, method, path);
  }

  /** Among the routes of a method and those of every method. */
  #lookUpBoth(method: string, path: string): Found<T> | undefined {
    if (!this.#methods.has(method)) return this.#lookUpEvery(path);
    return (
      this.#lookUpFixed(method, path) ??
      this.#lookUpFixed(EVERY_METHOD, path) ??
      foundIn(this.#every === undefined ? this.#tree : this.#mergedTree(method), method, path)
    );
  }

  #mergedTree(method: string): RouteTree {
    const made = this.#merged.get(method);
    if (made !== undefined) return made;
    const tree = routeTree(options);
    for (const route of this.#captured)
      if (route.method === method) tree.on(method as Methods, route.path, unused, route.value);
    for (const route of this.#captured) {
      if (route.method !== EVERY_METHOD) continue;
      for (const variant of optionalVariants(route.path)) {
        try {
          tree.on(method as Methods, variant, unused, route.value);
        } catch {
          // The method has this path itself.
        }
      }
    }
    this.#merged.set(method, tree);
    return tree;
  }

  #lookUpEvery(path: string): Found<T> | undefined {
    return this.#lookUpFixed(EVERY_METHOD, path) ?? foundIn(this.#every, "GET", path);
  }

  #lookUpFixed(method: string, path: string): Found<T> | undefined {
    const fixed = this.#fixed.get(method);
    return fixed?.get(path) ?? fixed?.get(comparedPath(path) ?? "");
  }
}

function foundIn<T>(tree: RouteTree | undefined, method: string, path: string): Found<T> | undefined {
  const found = tree?.find(method as Methods, path) ?? null;
  if (found === null) return undefined;
  return { value: found.store as T, pathParams: found.params as Record<string, string> };
}

function unused(): void {}
