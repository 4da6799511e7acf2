import { ConfigurationError } from "../errors.js";

/**
 * Text of an XML document, in an element or in double quotes.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for characters that XML does not allow (XML 1.0, section 2.2)
 */
export function xmlText(text: string): string {
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(text)} as XML: it has a character that XML does not allow`,
    );
  }
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A comment. `--` would end it. */
export function xmlComment(text: string): string {
  return `<!-- ${xmlText(text).replaceAll("--", "- -")} -->`;
}
