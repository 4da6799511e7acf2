import { ConfigurationError } from "../../errors.js";
import { block } from "../text.js";

/**
 * A string of lighttpd's configuration, in double quotes, where nothing but `"` has a meaning.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for a quote or a control character, which cannot be written
 */
export function quoted(text: string): string {
  if (/["\p{Cc}\p{Cs}]/u.test(text)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(text)} for lighttpd: it has a quote or a control character`,
    );
  }
  return `"${text}"`;
}

/** `$HTTP["url"] =~ "regex" { … }`; the path is decoded and has no dot segments. */
export function whereUrl(regex: string, lines: readonly string[]): string[] {
  return block(`$HTTP["url"] =~ ${quoted(regex)}`, lines);
}
