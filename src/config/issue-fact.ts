import type { z } from "zod";

const EXPECTED: Readonly<Record<string, string>> = {
  number: "a whole number",
  int: "a whole number",
  string: "text",
  array: "a list",
  boolean: "true or false",
};

/** What is said of a value, where its schema does not say it. */
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
