import type { core } from "zod";

import { HttpError } from "../http/http-error.js";
import { problemOf, type ReadFrom } from "./issue.js";
import { loadZod, loadedZod, looksAsynchronous, type Schema } from "./schema.js";

/** Validates a value and returns the schema's output; a promise only if the schema is asynchronous. */
export type Validate = (value: unknown) => unknown;

/**
 * Compiles a schema into a function that returns its output, or throws an HttpError 400 `ERR_REQUEST_INVALID` that lists
 * up to 100 errors; also for a value that is nested too deeply for the schema.
 *
 * A schema that turns out to be asynchronous, although it does not look so, is run asynchronously from then on.
 */
export function compileSchema(schema: Schema, from: ReadFrom): Validate {
  let asynchronous = looksAsynchronous(schema);
  // If it fails, the first request that needs it tries again, and fails with the reason: an authorizer denies.
  loadZod().catch(() => undefined);
  const later = async (value: unknown): Promise<unknown> => {
    const zod = await loadZod();
    try {
      return outputOf(await zod.safeParseAsync(schema, value), from);
    } catch (error) {
      throw isTooDeep(error, value) ? tooDeep(from, error) : error;
    }
  };
  return (value) => {
    const zod = loadedZod();
    // Zod is loaded long before the first request from a socket.
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

/** A bound, so that a short request cannot cause a long answer. */
const MAX_ERRORS = 100;

/** The error for a value that is nested too deeply for its schema. */
function tooDeep(from: ReadFrom, cause: unknown): HttpError {
  return new HttpError(400, `The ${from.part} of the request is nested too deeply.`, {
    code: "ERR_REQUEST_INVALID",
    cause,
  });
}

/** Fewer levels do not exhaust the stack. Each level of a value has at least one member, item or character. */
const SMALL = 500;

/**
 * Whether a schema exhausted the stack because of its input: a recursive schema recurses as deeply as its input. With a
 * small input, the schema itself recurses endlessly.
 */
function isTooDeep(error: unknown, input: unknown): boolean {
  // V8's message, which alone distinguishes this from other RangeErrors.
  return (
    error instanceof RangeError && error.message === "Maximum call stack size exceeded" && isLarge(input)
  );
}

/** Whether a value has more than SMALL members, items and characters, at any depth. It stops counting there. */
function isLarge(input: unknown): boolean {
  const left: unknown[] = [input];
  let size = 0;
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    size += typeof value === "string" ? value.length : 1;
    if (size > SMALL) return true;
    if (typeof value !== "object" || value === null) continue;
    for (const member of Object.values(value)) {
      left.push(member);
      if (left.length > SMALL) return true;
    }
  }
  return false;
}
