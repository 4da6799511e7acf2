import { ConfigurationError } from "../errors.js";

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

/** `condition { … }`. */
export function block(condition: string, lines: readonly string[]): string[] {
  return [`${condition} {`, ...lines.map((line) => (line === "" ? "" : `  ${line}`)), "}"];
}

/** Lines under a comment, with an empty line in front. */
export function paragraph(comment: readonly string[], lines: readonly string[]): string[] {
  return ["", ...comment.map((line) => `# ${line}`), ...lines];
}
