import { HttpError } from "../http/http-error.js";
import { compileMembers, type Fields } from "./members.js";
import type { ReadFrom } from "./issue.js";
import type { Schema } from "./schema.js";
import { takesOf, type Takes } from "./takes.js";
import { compileSchema, type Validate } from "./validate.js";

export type { Fields } from "./members.js";

/** Values of one name: none, one, or a list of several. */
export type Values = string | readonly string[] | undefined;

/**
 * Compiles a schema for the values of one name, which are text: one value is a list of one where the schema wants a list.
 * Where it takes both, it is given the text, and the list if it refuses that.
 */
export function compileValues(schema: Schema, from: ReadFrom): (values: Values) => unknown {
  const validate = compileSchema(schema, from);
  const takes = takesOf(schema);
  return (values) => {
    if (!isCritical(values, takes)) return validate(values);
    const { certain, otherwise } = readingOf(values, takes);
    if (certain === SEVERAL) throw severalValues(from, []);
    return otherwise === undefined ? validate(certain) : validFirst(validate, [certain, otherwise]);
  };
}

/** The same for the fields of a query or a form, as a whole. They are changed where the schema wants lists. */
export function compileFields(schema: Schema, from: ReadFrom): (fields: Fields) => unknown {
  const validate = compileSchema(schema, from);
  const membersFor = compileMembers(schema);
  return (fields) => {
    const { names, rest } = membersFor(fields);
    let others: Fields | undefined;
    for (const name in fields) {
      const values = fields[name] as Values;
      const takes = names.get(name) ?? rest;
      if (takes === undefined || !isCritical(values, takes)) continue;
      const { certain, otherwise } = readingOf(values, takes);
      if (certain === SEVERAL) throw severalValues(from, [name]);
      fields[name] = certain;
      if (otherwise !== undefined) (others ??= emptyFields())[name] = otherwise;
    }
    if (others === undefined) return validate(fields);
    return validFirst(validate, [fields, Object.assign(emptyFields(), fields, others)]);
  };
}

/** Without a prototype, since a client chooses the names. */
export function emptyFields(): Fields {
  return Object.create(null) as Fields;
}

const SEVERAL = Symbol("several");

interface Reading {
  /** What the schema is given; SEVERAL where it would make one of several in silence. */
  readonly certain: unknown;
  /** What it is given if it refuses that. */
  readonly otherwise?: unknown;
}

/** Whether values are not simply given to a schema as they came. */
function isCritical(values: Values, { list, set, coerces }: Takes): boolean {
  if (values === undefined) return false;
  return typeof values === "string" ? list || set : !list && (set || coerces);
}

/** How values are read that are {@link isCritical critical}. */
function readingOf(values: Values, { text, list, set }: Takes): Reading {
  if (typeof values !== "string") return { certain: set ? new Set(values) : SEVERAL };
  const collected = list ? [values] : new Set([values]);
  return text ? { certain: values, otherwise: collected } : { certain: collected };
}

function severalValues({ part, at }: ReadFrom, path: readonly string[]): HttpError {
  return new HttpError(400, `The ${part} of the request is not valid.`, {
    code: "ERR_REQUEST_INVALID",
    errors: [
      { in: part, path: [...at, ...path], message: "Invalid input: expected one value, received several" },
    ],
  });
}

/** What a schema makes of the first of two readings that it takes; what is wrong is told of the first one. */
function validFirst(validate: Validate, [first, second]: readonly [unknown, unknown]): unknown {
  const retry = (refusal: unknown): unknown => {
    if (!(refusal instanceof HttpError)) throw refusal;
    try {
      const result = validate(second);
      return result instanceof Promise ? result.catch(() => Promise.reject(refusal)) : result;
    } catch {
      // Also what a function throws that was not made for a list.
      throw refusal;
    }
  };
  let result: unknown;
  try {
    result = validate(first);
  } catch (refusal) {
    return retry(refusal);
  }
  return result instanceof Promise ? result.catch(retry) : result;
}
