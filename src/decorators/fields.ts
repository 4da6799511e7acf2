import { HttpError } from "../http/http-error.js";
import { compileAcceptedFields, type Fields } from "./accepted-fields.js";
import { acceptedBy, type Accepted } from "./accepted-input.js";
import type { ReadFrom } from "./issue.js";
import type { Schema } from "./schema.js";
import { compileSchema, type Validate } from "./validate.js";

export type { Fields } from "./accepted-fields.js";

/** The values of one name: none, one, or a list of several. */
export type FieldValues = string | readonly string[] | undefined;

/**
 * Compiles a schema for the text values of one name. A single value becomes a list of one if the schema accepts only
 * lists; if it accepts both, it validates the text first, and the list if the text is invalid.
 */
export function compileValues(schema: Schema, from: ReadFrom): (values: FieldValues) => unknown {
  const validate = compileSchema(schema, from);
  const accepted = acceptedBy(schema);
  return (values) => {
    if (!needsConversion(values, accepted)) return validate(values);
    const { input, fallback } = convert(values, accepted);
    if (input === TOO_MANY) throw tooManyValues(from, []);
    return fallback === undefined ? validate(input) : validateEither(validate, [input, fallback]);
  };
}

/** The same for all fields of a query or a form together. The given object is changed where the schema accepts lists. */
export function compileFields(schema: Schema, from: ReadFrom): (fields: Fields) => unknown {
  const validate = compileSchema(schema, from);
  const acceptedFor = compileAcceptedFields(schema);
  return (fields) => {
    const { names, rest } = acceptedFor(fields);
    let fallbacks: Fields | undefined;
    for (const name in fields) {
      const values = fields[name] as FieldValues;
      const accepted = names.get(name) ?? rest;
      if (accepted === undefined || !needsConversion(values, accepted)) continue;
      const { input, fallback } = convert(values, accepted);
      if (input === TOO_MANY) throw tooManyValues(from, [name]);
      fields[name] = input;
      if (fallback !== undefined) (fallbacks ??= emptyFields())[name] = fallback;
    }
    if (fallbacks === undefined) return validate(fields);
    return validateEither(validate, [fields, Object.assign(emptyFields(), fields, fallbacks)]);
  };
}

/** An object without a prototype, because the client chooses the names. */
export function emptyFields(): Fields {
  return Object.create(null) as Fields;
}

const TOO_MANY = Symbol("too many");

interface Conversion {
  /** The schema's input; TOO_MANY if the schema would silently reduce a list to one value. */
  readonly input: unknown;
  /** The input to validate if the first is invalid. */
  readonly fallback?: unknown;
}

/** Whether values must be converted, or rejected, before a schema validates them. */
function needsConversion(values: FieldValues, { list, set, coerces }: Accepted): boolean {
  if (values === undefined) return false;
  return typeof values === "string" ? list || set : !list && (set || coerces);
}

/** Converts values that {@link needsConversion need it}. */
function convert(values: FieldValues, { text, list, set }: Accepted): Conversion {
  if (typeof values !== "string") return { input: set ? new Set(values) : TOO_MANY };
  const collected = list ? [values] : new Set([values]);
  return text ? { input: values, fallback: collected } : { input: collected };
}

function tooManyValues({ part, at }: ReadFrom, path: readonly string[]): HttpError {
  return new HttpError(400, `The ${part} of the request is not valid.`, {
    code: "ERR_REQUEST_INVALID",
    errors: [
      { in: part, path: [...at, ...path], message: "Invalid input: expected one value, received several" },
    ],
  });
}

/** Validates the first input, and the second if the first is invalid. If both are, the error is that of the first. */
function validateEither(validate: Validate, [first, second]: readonly [unknown, unknown]): unknown {
  const retry = (failure: unknown): unknown => {
    if (!(failure instanceof HttpError)) throw failure;
    try {
      const result = validate(second);
      return result instanceof Promise ? result.catch(() => Promise.reject(failure)) : result;
    } catch {
      // Also for an exception of a schema's function that does not expect a list.
      throw failure;
    }
  };
  let result: unknown;
  try {
    result = validate(first);
  } catch (error) {
    return retry(error);
  }
  return result instanceof Promise ? result.catch(retry) : result;
}
