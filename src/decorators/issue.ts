import type { core } from "zod";

import type { ProblemError } from "../http/http-error.js";
import { loadedZod } from "./zod.js";

/** The part of a request that a value was read from. */
export type RequestPart = ProblemError["in"];

/** The parts whose expected values are not told either: they carry what only its owner knows. */
const SECRET_PARTS: ReadonlySet<RequestPart> = new Set(["header", "cookie", "variable"]);

/** Where the value that a schema refused was read. */
export interface ReadFrom {
  readonly part: RequestPart;
  /** The way to it inside the part; empty for the part as a whole. */
  readonly at: readonly string[];
}

/**
 * What a client is told of one issue that zod found: where it is and what is expected there, never what was sent. Zod's
 * own messages name unknown keys, and expected values; a schema for one value can be an access key.
 */
export function problemOf(issue: core.$ZodIssue, { part, at }: ReadFrom): ProblemError {
  // The last step of the way to a key that is refused is that key.
  const way = issue.code === "invalid_key" ? issue.path.slice(0, -1) : issue.path;
  return {
    in: part,
    path: [...at, ...way].map((step) => (typeof step === "symbol" ? String(step) : step)),
    message: messageOf(issue, part),
  };
}

function messageOf(issue: core.$ZodIssue, part: RequestPart): string {
  const telling = tellingMessage(issue, part);
  // A message that the schema's author wrote is meant to be shown.
  return telling !== undefined && isDefault(issue) ? telling : issue.message;
}

/** What to say in place of zod's own message, where that tells too much. */
function tellingMessage(issue: core.$ZodIssue, part: RequestPart): string | undefined {
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

/** Whether the message is the one that zod makes itself, in whatever language it is set to. */
function isDefault(issue: core.$ZodIssue): boolean {
  const { localeError, customError } = loadedZod()!.config();
  if (customError !== undefined) return true;
  const message = localeError?.(issue as core.$ZodRawIssue);
  return (
    message === undefined || (typeof message === "string" ? message : message?.message) === issue.message
  );
}
