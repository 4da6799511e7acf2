import type { z } from "zod";

const EXPECTED: Readonly<Record<string, string>> = {
  number: "an integer",
  int: "an integer",
  string: "a string",
  array: "an array",
  boolean: "true or false",
};

/** The message for an invalid value, unless its schema has its own. */
export function issueFact(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${EXPECTED[issue.expected] ?? "an object"}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : `must be ${String(issue.minimum)} or more`;
    case "too_big":
      return `must be ${String(issue.maximum)} or less`;
    case "unrecognized_keys":
      return `has no ${issue.keys.join(", ")}`;
    default:
      return undefined;
  }
}
