import { ConfigurationError } from "../../errors.js";

/**
 * A word of a Caddyfile that stands for itself.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for what Caddy would take for a placeholder, or the end of a line
 */
export function quoted(word: string): string {
  if (/[\p{Cc}\p{Cs}{}`]/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for Caddy: it has a control character, a brace or a backquote`,
    );
  }
  return /^[\w./:@+~=-]+$/.test(word) ? word : `\`${word}\``;
}

/** A regular expression of path-regex.ts, which has no backquote. */
export function quotedRegex(regex: string): string {
  return `\`${regex}\``;
}

/** As `caddy fmt` would write it; Caddy warns of anything else. */
export function tabbed(text: string): string {
  return text.replaceAll(/^(?: {2})+/gm, (blanks) => "\t".repeat(blanks.length / 2));
}
