import type { core } from "zod";

/** A zod schema, of zod itself or of zod/mini. */
export type Schema = core.$ZodType;

/** What a schema yields. */
export type Output<S extends Schema> = core.output<S>;

/** The part of a schema's input that text can be given to; never where it takes no text at all. */
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

/** The members of an object schema's input that take no text. */
type TextlessKeys<I> = unknown extends I
  ? never
  : I extends object
    ? { [K in keyof I]-?: [TextInput<I[K]>] extends [never] ? K : never }[keyof I]
    : never;

/**
 * Refuses a schema for a parameter that comes as text when the schema takes none: `z.number()` where
 * `z.coerce.number()` is meant, which no request could ever satisfy.
 */
export type TakesText<S extends Schema> = [TextInput<core.input<S>>] extends [never]
  ? { "this schema takes no text: use z.coerce, z.stringbool or a transform": core.input<S> }
  : unknown;

/** The same for a schema of the whole query: each of its members comes as text. */
export type TakesQuery<S extends Schema> = [TextlessKeys<core.input<S>>] extends [never]
  ? unknown
  : { "these members take no text: use z.coerce, z.stringbool or a transform": TextlessKeys<core.input<S>> };
