import type { core } from "zod";

/** A zod schema, of zod itself or of zod/mini. */
export type Schema = core.$ZodType;

/** Whether a value is a schema of zod 4; one of zod 3 is not. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** The output of a schema. */
export type Output<S extends Schema> = core.output<S>;

/** The part of a schema's input that accepts text; never if none does. */
type TextInput<I> = unknown extends I
  ? I
  : I extends string
    ? I
    : I extends readonly (infer Item)[]
      ? unknown extends Item
        ? I
        : Extract<Item, string> extends never
          ? never
          : I
      : I extends ReadonlySet<infer Item>
        ? Extract<Item, string> extends never
          ? never
          : I
        : never;

/** The members of an object schema's input that do not accept text. */
type TextlessKeys<I> = unknown extends I
  ? never
  : I extends object
    ? { [K in keyof I]-?: [TextInput<I[K]>] extends [never] ? K : never }[keyof I]
    : never;

/**
 * Rejects a schema that does not accept text for a parameter that is text: `z.number()` instead of `z.coerce.number()`,
 * which no request could satisfy.
 */
export type AcceptsText<S extends Schema> = [TextInput<core.input<S>>] extends [never]
  ? { "this schema takes no text: use z.coerce, z.stringbool or a transform": core.input<S> }
  : unknown;

/** The same for a schema of the whole query, each member of which is text. */
export type AcceptsQuery<S extends Schema> = [TextlessKeys<core.input<S>>] extends [never]
  ? unknown
  : { "these members take no text: use z.coerce, z.stringbool or a transform": TextlessKeys<core.input<S>> };

/** The functions of zod, which are the same for schemas of zod and of zod/mini. */
export type Zod = typeof core;

let loaded: Zod | undefined;
let loading: Promise<Zod> | undefined;

/**
 * Loads zod, once. Only an application with a schema needs it, and has loaded it to create the schema. With its messages in
 * all languages it is as large as everything else that an application loads. After a failure the next call tries again.
 */
export function loadZod(): Promise<Zod> {
  return (loading ??= load());
}

async function load(): Promise<Zod> {
  try {
    return (loaded = await import("zod/v4/core"));
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

/** Zod; undefined before {@link loadZod} has loaded it. */
export function loadedZod(): Zod | undefined {
  return loaded;
}

const AsyncFunction = (async () => undefined).constructor;

/**
 * Whether a schema contains an `async` function, as far as can be seen without running it. A plain function that returns a
 * promise is found only when it runs; the promise of that first run is lost, and its rejection would be unhandled.
 */
export function looksAsynchronous(schema: Schema): boolean {
  const seen = new Set<unknown>();
  let lazy = 0;
  const containsAsync = (value: unknown): boolean => {
    if (typeof value === "function")
      return value instanceof AsyncFunction || containsAsync(zodDefinition(value));
    if (typeof value !== "object" || value === null || seen.has(value)) return false;
    seen.add(value);
    const definition = zodDefinition(value);
    if (definition !== undefined) {
      // A schema can contain itself, or create itself anew each time.
      if (isLazy(definition)) return (lazy += 1) < MAX_LAZY && containsAsync(definition.getter());
      return containsAsync(definition);
    }
    // Definitions consist of arrays and plain objects; an instance in one is a value, such as a default.
    const prototype: unknown = Object.getPrototypeOf(value);
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
    return Object.values(value).some(containsAsync);
  };
  return containsAsync(schema);
}

/** The number of lazily created schemas that are examined. */
const MAX_LAZY = 1000;

function isLazy(definition: object): definition is { readonly getter: () => unknown } {
  return typeof (definition as { getter?: unknown }).getter === "function";
}

/** The definition of a schema or of a check. */
function zodDefinition(value: object): object | undefined {
  return (value as { _zod?: { def?: object } })._zod?.def;
}
