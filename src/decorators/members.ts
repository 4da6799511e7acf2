import type { Schema } from "./schema.js";
import {
  both,
  definitionOf,
  either,
  isFunction,
  isWithin,
  takesOf,
  type Around,
  type Takes,
} from "./takes.js";

/** The fields of a query or a form by name; a list for a name that came more than once. */
export type Fields = Record<string, unknown>;

/** What the members of an object schema can be given. */
export interface Members {
  readonly names: ReadonlyMap<string, Takes>;
  /** What every other name can be given; undefined where the schema does not say. */
  readonly rest: Takes | undefined;
}

const unsaid: Members = { names: new Map(), rest: undefined };

/**
 * Compiles what the members of a schema can be given, through all that object schemas are combined by. The fields tell
 * which of the objects of a discriminated union counts.
 */
export function compileMembers(schema: Schema): (fields: Fields) => Members {
  const unions = new Set<string>();
  const around: Around = new Set();
  const members = membersOf(schema, { fields: {}, chosenBy: (name) => unions.add(name), around });
  if (unions.size === 0) return () => members;
  return (fields) => membersOf(schema, { fields, chosenBy: () => undefined, around });
}

interface Circumstances {
  readonly fields: Fields;
  /** Is told which field decides. */
  readonly chosenBy: (name: string) => void;
  readonly around: Around;
}

function membersOf(schema: Schema, circumstances: Circumstances): Members {
  const { fields, chosenBy, around } = circumstances;
  if (isWithin(around, schema)) return unsaid;
  const within = { fields, chosenBy, around: new Set(around).add(schema) };
  const of = (part: Schema | undefined): Members => (part === undefined ? unsaid : membersOf(part, within));
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "object": {
      const names = Object.entries(definition.shape!).map(
        ([name, member]) => [name, takesOf(member)] as const,
      );
      return { names: new Map(names), rest: definition.catchall && takesOf(definition.catchall) };
    }
    case "record":
      return { names: new Map(), rest: takesOf(definition.valueType!) };
    case "lazy":
      return of(definition.getter!());
    case "pipe":
      return isFunction(definition.in!) ? asTextFirst(of(definition.out)) : of(definition.in);
    case "intersection":
      return merged(of(definition.left), of(definition.right), both);
    case "union": {
      const { discriminator, options = [] } = definition;
      if (discriminator === undefined)
        return options.map(of).reduce((one, other) => merged(one, other, either));
      chosenBy(discriminator);
      const value = fields[discriminator];
      const meant = options.filter((option) => option._zod.propValues?.[discriminator]?.has(value as string));
      return (meant.length === 0 ? options : meant)
        .map(of)
        .reduce((one, other) => merged(one, other, either));
    }
    default:
      return of(definition.innerType);
  }
}

/** A function in front gets the fields as they came, and only if they are refused then, lists of one. */
function asTextFirst({ names, rest }: Members): Members {
  const first = (takes: Takes): Takes => ({ ...takes, text: true, coerces: false });
  return {
    names: new Map(Array.from(names, ([name, takes]) => [name, first(takes)])),
    rest: rest && first(rest),
  };
}

function merged(one: Members, other: Members, merge: (one: Takes, other: Takes) => Takes): Members {
  const mergeAny = (a: Takes | undefined, b: Takes | undefined): Takes | undefined =>
    a !== undefined && b !== undefined ? merge(a, b) : (a ?? b);
  const names = new Map<string, Takes>();
  for (const name of new Set([...one.names.keys(), ...other.names.keys()])) {
    const takes = mergeAny(one.names.get(name) ?? one.rest, other.names.get(name) ?? other.rest);
    if (takes !== undefined) names.set(name, takes);
  }
  return { names, rest: mergeAny(one.rest, other.rest) };
}
