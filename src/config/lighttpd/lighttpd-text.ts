import { ConfigurationError } from "../../errors.js";
import { block } from "../text.js";

/**
 * Formats a string of lighttpd's configuration, in double quotes. Only `"` is special in it.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the text has a quote or a control character, which cannot be escaped
 */
export function lighttpdString(text: string): string {
  if (/["\p{Cc}\p{Cs}]/u.test(text)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(text)} for lighttpd: it has a quote or a control character`,
    );
  }
  return `"${text}"`;
}

/** `$HTTP["url"] =~ "regex" { … }`; the path is decoded and has no dot segments. */
export function urlCondition(regex: string, lines: readonly string[]): string[] {
  return block(`$HTTP["url"] =~ ${lighttpdString(regex)}`, lines);
}
