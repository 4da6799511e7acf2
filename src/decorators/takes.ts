import type { Schema } from "./schema.js";

/** What a schema can be given, as far as its definition tells. */
export interface Takes {
  /** One text. */
  readonly text: boolean;
  /** A list. */
  readonly list: boolean;
  /** A `Set`. */
  readonly set: boolean;
  /** Whether it makes one value of whatever it is given, so that a list would become text in silence (`z.coerce`). */
  readonly coerces: boolean;
}

const none: Takes = { text: false, list: false, set: false, coerces: false };
const text: Takes = { ...none, text: true };

/** The shape of zod definitions, as far as they are looked into here. */
export interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly out?: Schema;
  readonly getter?: () => Schema;
  readonly left?: Schema;
  readonly right?: Schema;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly coerce?: boolean;
  readonly values?: readonly unknown[];
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly catchall?: Schema;
  readonly valueType?: Schema;
}

/** The definition of a schema. */
export function definitionOf(schema: Schema): Definition {
  return schema._zod.def;
}

/** The schemas that stand around the one that is looked at: a schema may be part of itself. */
export type Around = ReadonlySet<Schema>;

/** Whether a schema is looked at already; or so many stand around it that it makes itself anew for ever. */
export function isWithin(around: Around, schema: Schema): boolean {
  return around.has(schema) || around.size > 100;
}

/** What a schema can be given, through all that schemas are combined by. */
export function takesOf(schema: Schema, around: Around = new Set()): Takes {
  if (isWithin(around, schema)) return none;
  const within = new Set(around).add(schema);
  const of = (part: Schema | undefined): Takes => (part === undefined ? none : takesOf(part, within));
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "array":
    case "tuple":
      return { ...none, list: true };
    case "set":
      return { ...none, set: true };
    case "lazy":
      return of(definition.getter!());
    case "pipe":
      // A function in front (z.preprocess) takes what comes, and what it makes of that may be a list.
      return isFunction(definition.in!)
        ? { ...of(definition.out), text: true, coerces: false }
        : of(definition.in);
    case "union":
      return definition.options!.map(of).reduce(either, none);
    case "intersection":
      return both(of(definition.left), of(definition.right));
    case "string":
    case "number":
    case "boolean":
    case "bigint":
    case "date":
      return definition.coerce === true
        ? { ...text, coerces: true }
        : { ...none, text: definition.type === "string" };
    case "literal":
      return { ...none, text: definition.values!.some((value) => typeof value === "string") };
    case "object":
    case "record":
    case "map":
    case "file":
    case "nan":
    case "null":
    case "undefined":
    case "void":
    case "never":
    case "symbol":
    case "function":
      return none;
    default:
      // Optionality, defaults and the like; else what takes text, or anything.
      return definition.innerType === undefined ? text : of(definition.innerType);
  }
}

/** Whether a schema is a function of whatever comes. */
export function isFunction(schema: Schema): boolean {
  return definitionOf(schema).type === "transform";
}

/** What one of two schemas can be given. */
export function either(one: Takes, other: Takes): Takes {
  return {
    text: one.text || other.text,
    list: one.list || other.list,
    set: one.set || other.set,
    coerces: one.coerces || other.coerces,
  };
}

/** What both of two schemas can be given; of what only takes anything, the other one knows more. */
export function both(one: Takes, other: Takes): Takes {
  const list = one.list || other.list;
  const set = one.set || other.set;
  const text = list || set ? one.text && other.text : one.text || other.text;
  return { text, list, set, coerces: one.coerces || other.coerces };
}
