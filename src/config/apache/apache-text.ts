import { ConfigurationError } from "../../errors.js";
import { indented } from "../text.js";

/**
 * A word of Apache's configuration, in double quotes, where it stands for itself. Apache has no way to escape `${NAME}`,
 * which it replaces everywhere, and takes `%{…}` for an expression in many places; quotes and backslashes mean
 * different things to different directives.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for a word with any of these, or with a control character
 */
export function quoted(word: string): string {
  if (/[\p{Cc}\p{Cs}"\\]|[$%]\{/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for Apache: it has a quote, a backslash, a control character, \${ or %{`,
    );
  }
  return `"${word}"`;
}

/**
 * The path of a file or folder, in double quotes.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for one that `<Directory>` would take for a pattern
 */
export function quotedPath(path: string): string {
  if (/[*?[\]]/.test(path)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(path)} for Apache: it takes *, ?, [ and ] in a path for a pattern`,
    );
  }
  return quoted(path);
}

/** `<Name "argument">`, lines, `</Name>`. The argument is quoted already. */
export function section(name: string, argument: string, lines: readonly string[]): string[] {
  return [`<${name} ${argument}>`, ...indented(lines), `</${name}>`];
}
