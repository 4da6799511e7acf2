import type { Schema } from "./schema.js";
import {
  both,
  definitionOf,
  either,
  isTransform,
  isRecursive,
  acceptedBy,
  type Enclosing,
  type Accepted,
} from "./accepted-input.js";

/** The fields of a query or a form by name; a list for a repeated name. */
export type Fields = Record<string, unknown>;

/** The input that the members of an object schema accept. */
export interface AcceptedFields {
  readonly names: ReadonlyMap<string, Accepted>;
  /** For all other names; undefined if the schema does not say. */
  readonly rest: Accepted | undefined;
}

const unknown: AcceptedFields = { names: new Map(), rest: undefined };

/**
 * Compiles a schema into a function that returns the input which its members accept. It follows all combinations of object
 * schemas; the fields select the option of a discriminated union.
 */
export function compileAcceptedFields(schema: Schema): (fields: Fields) => AcceptedFields {
  const discriminators = new Set<string>();
  const enclosing: Enclosing = new Set();
  const members = acceptedFields(schema, {
    fields: {},
    onDiscriminator: (name) => discriminators.add(name),
    enclosing,
  });
  if (discriminators.size === 0) return () => members;
  return (fields) => acceptedFields(schema, { fields, onDiscriminator: () => undefined, enclosing });
}

interface Traversal {
  readonly fields: Fields;
  /** Called with the name of each discriminator. */
  readonly onDiscriminator: (name: string) => void;
  readonly enclosing: Enclosing;
}

function acceptedFields(schema: Schema, traversal: Traversal): AcceptedFields {
  const { fields, onDiscriminator, enclosing } = traversal;
  if (isRecursive(enclosing, schema)) return unknown;
  const within = { fields, onDiscriminator, enclosing: new Set(enclosing).add(schema) };
  const of = (part: Schema | undefined): AcceptedFields =>
    part === undefined ? unknown : acceptedFields(part, within);
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "object": {
      const names = Object.entries(definition.shape!).map(
        ([name, member]) => [name, acceptedBy(member)] as const,
      );
      return { names: new Map(names), rest: definition.catchall && acceptedBy(definition.catchall) };
    }
    case "record":
      return { names: new Map(), rest: acceptedBy(definition.valueType!) };
    case "lazy":
      return of(definition.getter!());
    case "pipe":
      return isTransform(definition.in!) ? asTextFirst(of(definition.out)) : of(definition.in);
    case "intersection":
      return merged(of(definition.left), of(definition.right), both);
    case "union": {
      const { discriminator, options = [] } = definition;
      if (discriminator === undefined)
        return options.map(of).reduce((one, other) => merged(one, other, either));
      onDiscriminator(discriminator);
      const value = fields[discriminator];
      const selected = options.filter((option) =>
        option._zod.propValues?.[discriminator]?.has(value as string),
      );
      return (selected.length === 0 ? options : selected)
        .map(of)
        .reduce((one, other) => merged(one, other, either));
    }
    default:
      return of(definition.innerType);
  }
}

/** A leading transform receives the fields unchanged; lists of one are tried only if those are invalid. */
function asTextFirst({ names, rest }: AcceptedFields): AcceptedFields {
  const first = (accepted: Accepted): Accepted => ({ ...accepted, text: true, coerces: false });
  return {
    names: new Map(Array.from(names, ([name, accepted]) => [name, first(accepted)])),
    rest: rest && first(rest),
  };
}

function merged(
  one: AcceptedFields,
  other: AcceptedFields,
  merge: (one: Accepted, other: Accepted) => Accepted,
): AcceptedFields {
  const mergeAny = (a: Accepted | undefined, b: Accepted | undefined): Accepted | undefined =>
    a !== undefined && b !== undefined ? merge(a, b) : (a ?? b);
  const names = new Map<string, Accepted>();
  for (const name of new Set([...one.names.keys(), ...other.names.keys()])) {
    const accepted = mergeAny(one.names.get(name) ?? one.rest, other.names.get(name) ?? other.rest);
    if (accepted !== undefined) names.set(name, accepted);
  }
  return { names, rest: mergeAny(one.rest, other.rest) };
}
