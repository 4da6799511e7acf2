import type { core } from "zod";

import type { ProblemError } from "../http/http-error.js";
import { loadedZod } from "./schema.js";

/** The part of the request that a value comes from. */
export type RequestPart = ProblemError["in"];

/** The parts whose expected values are not shown either, because they carry secrets. */
const SECRET_PARTS: ReadonlySet<RequestPart> = new Set(["header", "cookie", "variable"]);

/** Where an invalid value comes from. */
export interface ReadFrom {
  readonly part: RequestPart;
  /** The path inside the part; empty for the whole part. */
  readonly at: readonly string[];
}

/**
 * The description of a zod issue for the client: where it is and what is expected, never what was sent. Zod's own messages
 * quote unknown keys and expected values, and the expected value can be an access key.
 */
export function problemOf(issue: core.$ZodIssue, { part, at }: ReadFrom): ProblemError {
  // The last element of an invalid key's path is that key.
  const path = issue.code === "invalid_key" ? issue.path.slice(0, -1) : issue.path;
  return {
    in: part,
    path: [...at, ...path].map((step) => (typeof step === "symbol" ? String(step) : step)),
    message: issueMessage(issue, part),
  };
}

function issueMessage(issue: core.$ZodIssue, part: RequestPart): string {
  const redacted = redactedMessage(issue, part);
  // A message by the schema's author is meant to be shown.
  return redacted !== undefined && isDefault(issue) ? redacted : issue.message;
}

/** A replacement for a message of zod that reveals too much; undefined if it does not. */
function redactedMessage(issue: core.$ZodIssue, part: RequestPart): string | undefined {
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.length === 1 ? "Unrecognized key" : `Unrecognized keys: ${issue.keys.length}`;
    case "invalid_value":
      return issue.values.length === 1 || SECRET_PARTS.has(part)
        ? "Invalid input: not the expected value"
        : undefined;
    case "invalid_format":
      return SECRET_PARTS.has(part) ? "Invalid format" : undefined;
    case "invalid_key":
      return `Invalid key in ${issue.origin}`;
    default:
      return undefined;
  }
}

/** Whether the message is zod's own, in any language. */
function isDefault(issue: core.$ZodIssue): boolean {
  const { localeError, customError } = loadedZod()!.config();
  if (customError !== undefined) return true;
  const message = localeError?.(issue as core.$ZodRawIssue);
  return (
    message === undefined || (typeof message === "string" ? message : message?.message) === issue.message
  );
}
