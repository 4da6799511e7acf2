import { ConfigurationError } from "../../errors.js";
import { indented } from "../text.js";

/** A section: an empty line, its head and its lines. */
export function haproxySection(head: string, lines: readonly string[]): string[] {
  return ["", head, ...indented(lines)];
}

/**
 * Formats a literal word of HAProxy's configuration, in single quotes if necessary. Nothing is special in them.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the word has a single quote or a control character
 */
export function haproxyWord(word: string): string {
  if (/[\p{Cc}\p{Cs}']/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for HAProxy: it has a control character or a quote`,
    );
  }
  return /^[\w./:@+~=*-]+$/.test(word) ? word : `'${word}'`;
}
