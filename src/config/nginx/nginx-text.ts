import { ConfigurationError } from "../../errors.js";

/**
 * Formats a literal word of nginx's configuration, quoted if necessary.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the word has `$`, which begins a variable, or a control character
 */
export function nginxWord(word: string): string {
  if (/[\p{Cc}\p{Cs}$]/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for nginx: it has a control character or $`,
    );
  }
  return /^[\w./:@+~=-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Quotes a regular expression of path-regex.ts. It contains no quotes, and nginx keeps its backslashes. */
export function nginxRegex(regex: string): string {
  return `"${regex}"`;
}
