import type { Schema } from "./schema.js";

/** The kinds of input that a schema accepts, as far as its definition shows. */
export interface Accepted {
  /** A string. */
  readonly text: boolean;
  /** A list. */
  readonly list: boolean;
  /** A `Set`. */
  readonly set: boolean;
  /** Whether it converts any input to one value, so that a list would silently become text (`z.coerce`). */
  readonly coerces: boolean;
}

const none: Accepted = { text: false, list: false, set: false, coerces: false };
const text: Accepted = { ...none, text: true };

/** The members of zod's definitions that are read here. */
export interface SchemaDefinition {
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
export function definitionOf(schema: Schema): SchemaDefinition {
  return schema._zod.def;
}

/** The schemas that enclose the current one: a schema may contain itself. */
export type Enclosing = ReadonlySet<Schema>;

/** Whether a schema contains itself, or is nested so deeply that it probably creates itself anew each time. */
export function isRecursive(enclosing: Enclosing, schema: Schema): boolean {
  return enclosing.has(schema) || enclosing.size > 100;
}

/** The input that a schema accepts. It follows all combinations of schemas. */
export function acceptedBy(schema: Schema, enclosing: Enclosing = new Set()): Accepted {
  if (isRecursive(enclosing, schema)) return none;
  const within = new Set(enclosing).add(schema);
  const of = (part: Schema | undefined): Accepted => (part === undefined ? none : acceptedBy(part, within));
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
      // A leading transform (z.preprocess) accepts anything, and may return a list.
      return isTransform(definition.in!)
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
      // A wrapper such as optional or default; otherwise a schema that accepts text, or anything.
      return definition.innerType === undefined ? text : of(definition.innerType);
  }
}

/** Whether a schema is a function of any input. */
export function isTransform(schema: Schema): boolean {
  return definitionOf(schema).type === "transform";
}

/** The input that at least one of two schemas accepts. */
export function either(one: Accepted, other: Accepted): Accepted {
  return {
    text: one.text || other.text,
    list: one.list || other.list,
    set: one.set || other.set,
    coerces: one.coerces || other.coerces,
  };
}

/** The input that both of two schemas accept. A schema that accepts anything does not restrict the other. */
export function both(one: Accepted, other: Accepted): Accepted {
  const list = one.list || other.list;
  const set = one.set || other.set;
  const text = list || set ? one.text && other.text : one.text || other.text;
  return { text, list, set, coerces: one.coerces || other.coerces };
}
