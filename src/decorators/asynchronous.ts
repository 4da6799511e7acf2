import type { Schema } from "./schema.js";

const AsyncFunction = (async () => undefined).constructor;

/**
 * Whether a schema has an `async` function somewhere, as far as can be seen without running it. What cannot be seen, a
 * plain function that returns a promise, shows when it runs, but the promise of that first run is lost; a rejection of
 * it would be one that nobody handles.
 */
export function looksAsynchronous(schema: Schema): boolean {
  const seen = new Set<unknown>();
  let lazy = 0;
  const look = (value: unknown): boolean => {
    if (typeof value === "function") return value instanceof AsyncFunction || look(definitionOf(value));
    if (typeof value !== "object" || value === null || seen.has(value)) return false;
    seen.add(value);
    const definition = definitionOf(value);
    if (definition !== undefined) {
      // A schema can be part of itself, or make itself anew for ever.
      if (isLazy(definition)) return (lazy += 1) < MAX_LAZY && look(definition.getter());
      return look(definition);
    }
    // Only what definitions are made of: a class instance in one, such as a default, is nothing to look into.
    const prototype: unknown = Object.getPrototypeOf(value);
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
    return Object.values(value).some(look);
  };
  return look(schema);
}

/** How many schemas that are made when they are needed are looked into. */
const MAX_LAZY = 1000;

function isLazy(definition: object): definition is { readonly getter: () => unknown } {
  return typeof (definition as { getter?: unknown }).getter === "function";
}

/** The definition of a schema or of a check. */
function definitionOf(value: object): object | undefined {
  return (value as { _zod?: { def?: object } })._zod?.def;
}
