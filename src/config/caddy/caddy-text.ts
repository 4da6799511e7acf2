import { ConfigurationError } from "../../errors.js";

/**
 * Formats a literal word of a Caddyfile, quoted if necessary.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the word has a control character, a brace or a backquote
 */
export function caddyWord(word: string): string {
  if (/[\p{Cc}\p{Cs}{}`]/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for Caddy: it has a control character, a brace or a backquote`,
    );
  }
  return /^[\w./:@+~=-]+$/.test(word) ? word : `\`${word}\``;
}

/** Quotes a regular expression of path-regex.ts, which contains no backquote. */
export function caddyRegex(regex: string): string {
  return `\`${regex}\``;
}

/** Indents with tabs, like `caddy fmt`. Caddy warns about other formats. */
export function indentWithTabs(text: string): string {
  return text.replaceAll(/^(?: {2})+/gm, (indent) => "\t".repeat(indent.length / 2));
}
