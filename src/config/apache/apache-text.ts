import { ConfigurationError } from "../../errors.js";
import { indented } from "../text.js";

/**
 * Formats a literal word of Apache's configuration, in double quotes. Apache cannot escape `${NAME}`, which it replaces
 * everywhere, evaluates `%{…}` in many places, and its directives differ in the meaning of quotes and backslashes.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the word has any of these, or a control character
 */
export function apacheWord(word: string): string {
  if (/[\p{Cc}\p{Cs}"\\]|[$%]\{/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for Apache: it has a quote, a backslash, a control character, \${ or %{`,
    );
  }
  return `"${word}"`;
}

/**
 * Formats the path of a file or folder, in double quotes.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if `<Directory>` would read the path as a pattern
 */
export function apachePath(path: string): string {
  if (/[*?[\]]/.test(path)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(path)} for Apache: a path with *, ?, [ or ] is a pattern`,
    );
  }
  return apacheWord(path);
}

/** `<Name "argument">`, lines, `</Name>`. The argument is already in quotes, if it needs them. */
export function apacheSection(name: string, argument: string, lines: readonly string[]): string[] {
  return [`<${name} ${argument}>`, ...indented(lines), `</${name}>`];
}
