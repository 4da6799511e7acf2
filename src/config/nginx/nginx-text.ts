import { ConfigurationError } from "../../errors.js";

/**
 * A word of nginx's configuration that stands for itself: without quotes where it needs none.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for what nginx would take for a variable, or the end of a line
 */
export function quoted(word: string): string {
  if (/[\p{Cc}\p{Cs}$]/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for nginx: it has a control character or $`,
    );
  }
  return /^[\w./:@+~=-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A regular expression of path-regex.ts: nothing in it ends the quotes, and nginx leaves its backslashes alone. */
export function quotedRegex(regex: string): string {
  return `"${regex}"`;
}

/** What nginx calls a variable that an authorizer hands on. */
export function variableOf(name: string): string {
  return `$tricorn_${name.toLowerCase()}`;
}
