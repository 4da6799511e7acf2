import type { core } from "zod";

import { HttpError } from "../roles/http-error.js";
import { looksAsynchronous } from "./asynchronous.js";
import { problemOf, type ReadFrom } from "./issue.js";
import type { Schema } from "./schema.js";
import { loadZod, loadedZod } from "./zod.js";

/** Passes a value through a schema; a promise only where the schema is asynchronous. */
export type Validate = (value: unknown) => unknown;

/**
 * Compiles a schema into a function that returns its output, or throws an HttpError 400 `ERR_REQUEST_INVALID` that
 * lists what is wrong.
 *
 * Where a schema does not look asynchronous but turns out to be, it is not tried without a promise again.
 */
export function compileSchema(schema: Schema, from: ReadFrom): Validate {
  let asynchronous = looksAsynchronous(schema);
  const loading = loadZod();
  const later = async (value: unknown): Promise<unknown> =>
    outputOf(await (await loading).safeParseAsync(schema, value), from);
  return (value) => {
    const zod = loadedZod();
    // It is there long before a request comes through a socket.
    if (asynchronous || zod === undefined) return later(value);
    let result: core.util.SafeParseResult<unknown>;
    try {
      result = zod.safeParse(schema, value);
    } catch (error) {
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
    errors: result.error.issues.map((issue) => problemOf(issue, from)),
  });
}
