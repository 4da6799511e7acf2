// tsyringe throws unless reflect-metadata is loaded first.
import "reflect-metadata";
import { createRequire } from "node:module";
import type * as Tsyringe from "tsyringe";

const require = createRequire(import.meta.url);

let loaded: typeof Tsyringe | undefined;

/**
 * Loads tsyringe, once. Only a class with dependencies, or a container, needs its forty files, which take as long to load as
 * Node.js to start.
 */
export function tsyringe(): typeof Tsyringe {
  return (loaded ??= withoutNewGlobals(() => require("tsyringe") as typeof Tsyringe));
}

/** Whether this process has loaded tsyringe, by {@link tsyringe} or by an import of its own: something may be registered in it. */
export function isTsyringeLoaded(): boolean {
  return loaded !== undefined || Object.keys(require.cache).some((file) => /[\\/]tsyringe[\\/]/.test(file));
}

/**
 * Removes the global variables that tsyringe's tslib makes of its functions (tslib 1.14.1, tslib.js). Nothing reads them there,
 * they shadow other copies of tslib, and leak detectors of tests report them.
 */
function withoutNewGlobals<T>(load: () => T): T {
  const before = Object.getOwnPropertyDescriptors(globalThis) as Readonly<Record<string, PropertyDescriptor>>;
  const result = load();
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    if (!name.startsWith("__") || typeof value !== "function") continue;
    const existing = before[name];
    if (existing === undefined) Reflect.deleteProperty(globalThis, name);
    // A global of the same name existed before.
    else if (existing.value !== value) Object.defineProperty(globalThis, name, existing);
  }
  return result;
}
