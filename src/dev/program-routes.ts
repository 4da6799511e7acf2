import { EVERY_METHOD, Router } from "../roles/router.js";
import type { ServedApplication } from "../serve/development-messages.js";

/** A route as a developer reads it. */
export interface ShownRoute {
  /** GET, or "any" for a route of every method. */
  readonly method: string;
  /** With the mount. */
  readonly path: string;
  /** The name of its class. */
  readonly responder: string;
}

/** The routes of a program. */
export class ProgramRoutes {
  /** In the order of their paths. */
  readonly all: readonly ShownRoute[];
  readonly #router = new Router<true>();
  readonly #mount: string;

  constructor({ description, mount }: Pick<ServedApplication, "description" | "mount">) {
    this.#mount = mount.replace(/\/$/, "");
    const all: ShownRoute[] = [];
    for (const { name, routes } of description.responders) {
      for (const { method, path } of routes) {
        this.#router.add(method, path, true);
        all.push({
          method: method === EVERY_METHOD ? "any" : method,
          path: this.#mount + path,
          responder: name,
        });
      }
    }
    this.all = all.sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
  }

  /** Whether a route matches this raw path, for any method. */
  knows(path: string): boolean {
    if (!path.startsWith(`${this.#mount}/`) && path !== this.#mount) return false;
    return this.#router.knows(path.slice(this.#mount.length) || "/");
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
