import type { core } from "zod";

import { HttpError } from "../http/http-error.js";
import { looksAsynchronous } from "./asynchronous.js";
import { problemOf, type ReadFrom } from "./issue.js";
import { isTooDeep } from "./recursion.js";
import type { Schema } from "./schema.js";
import { loadZod, loadedZod } from "./zod.js";

/** Passes a value through a schema; a promise only where the schema is asynchronous. */
export type Validate = (value: unknown) => unknown;

/**
 * Compiles a schema into a function that returns its output, or throws an HttpError 400 `ERR_REQUEST_INVALID` that
 * lists what is wrong, up to 100 errors; also for a value that is nested too deep for the schema.
 *
 * Where a schema does not look asynchronous but turns out to be, it is not tried without a promise again.
 */
export function compileSchema(schema: Schema, from: ReadFrom): Validate {
  let asynchronous = looksAsynchronous(schema);
  const loading = loadZod();
  const later = async (value: unknown): Promise<unknown> => {
    const zod = await loading;
    try {
      return outputOf(await zod.safeParseAsync(schema, value), from);
    } catch (error) {
      throw isTooDeep(error, value) ? tooDeep(from, error) : error;
    }
  };
  return (value) => {
    const zod = loadedZod();
    // It is there long before a request comes through a socket.
    if (asynchronous || zod === undefined) return later(value);
    let result: core.util.SafeParseResult<unknown>;
    try {
      result = zod.safeParse(schema, value);
    } catch (error) {
      if (isTooDeep(error, value)) throw tooDeep(from, error);
      if (!(error instanceof zod.$ZodAsyncError)) throw error;
      asynchronous = true;
      return later(value);
    }
    return outputOf(result, from);
  };
}

function outputOf(result: core.util.SafeParseResult<unknown>, from: ReadFrom): unknown {
  if (result.success) return result.data;
  throw new HttpError(400, `The ${from.part} of the request is not valid.`, {
    code: "ERR_REQUEST_INVALID",
    errors: result.error.issues.slice(0, MAX_ERRORS).map((issue) => problemOf(issue, from)),
  });
}

/** More says nothing new, and would make of a short request a long answer. */
const MAX_ERRORS = 100;

/** A value that is nested so deep that its schema cannot follow. */
function tooDeep(from: ReadFrom, cause: unknown): HttpError {
  return new HttpError(400, `The ${from.part} of the request is nested too deep.`, {
    code: "ERR_REQUEST_INVALID",
    cause,
  });
}
