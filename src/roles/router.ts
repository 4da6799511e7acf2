import findMyWay from "find-my-way";

import { plainPattern, routedPath } from "../paths/route-pattern.js";

/** A route that was found, and the segments that it captured. */
export interface Found<T> {
  readonly value: T;
  readonly pathParams: Readonly<Record<string, string>>;
}

/** Why no route was found. */
export type NotFound =
  | { readonly reason: "path" }
  | { readonly reason: "method"; readonly allowed: readonly string[] };

type Methods = Parameters<ReturnType<typeof findMyWay>["find"]>[0];

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

/** Finds the route of a method and a path; static segments go before captured ones. Around the find-my-way library. */
export class Router<T> {
  readonly #router = findMyWay(options);
  readonly #methods = new Set<string>();
  /** The routes of every method, each as one of GET. */
  #every: ReturnType<typeof findMyWay> | undefined;

  /** Adds a route. Throws for an invalid path or method, and for a route that exists already. */
  add(method: string, pattern: string, value: T): void {
    const path = plainPattern(pattern);
    if (method === EVERY_METHOD) {
      (this.#every ??= findMyWay(options)).on("GET", path, unused, value);
      return;
    }
    this.#router.on(method as Methods, path, unused, value);
    this.#methods.add(method);
  }

  /** The route, or undefined. A HEAD without a route of its own finds that of GET; routes of every method come last. */
  find(method: string, target: string): Found<T> | undefined {
    const path = routedPath(target);
    return (
      this.#lookUp(method, path) ??
      (method === "HEAD" ? this.#lookUp("GET", path) : undefined) ??
      this.#lookUpEvery(path)
    );
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
    return this.#methods.has(method) ? foundBy(this.#router.find(method as Methods, path)) : undefined;
  }

  #lookUpEvery(path: string): Found<T> | undefined {
    return this.#every === undefined ? undefined : foundBy(this.#every.find("GET", path));
  }
}

function foundBy<T>(found: ReturnType<ReturnType<typeof findMyWay>["find"]>): Found<T> | undefined {
  if (found === null) return undefined;
  return { value: found.store as T, pathParams: found.params as Record<string, string> };
}

function unused(): void {}
