import type { PathRegexOptions } from "../../../src/config/plan/path-regex.js";

/** A literal character of a configuration's regular expression, or a part with a meaning. */
const TOKEN = /\(\?-i:\[\^[^\]]*\]\)|\\x\{[0-9a-f]+\}|\\x[0-9a-f]{2}|\\.|\(\?:|\[(?:\\.|[^\]])*\]|[^]/gu;

/**
 * The same for ECMAScript, which has neither `\x{e4}` nor, on Node.js 20, case-sensitive parts: so each ASCII letter
 * is written in both cases if case is ignored.
 */
export function regexOf(source: string, { unit, covers }: PathRegexOptions): RegExp {
  const flags = unit === "bytes" ? "" : "u";
  const spelt = covers === "anyReading" ? source.replaceAll(TOKEN, (token) => inBothCases(token)) : source;
  return new RegExp(spelt.replaceAll("\\x{", "\\u{"), flags);
}

function inBothCases(token: string): string {
  if (token.startsWith("(?-i:")) return `(?:${token.slice(5)}`;
  if (/^[A-Za-z]$/.test(token)) return `[${token.toLowerCase()}${token.toUpperCase()}]`;
  if (!token.startsWith("[")) return token;
  const members = token.slice(1, -1).replaceAll(/\\x[0-9a-f]{2}|\\./g, "");
  return `[${token.slice(1, -1)}${/[A-Za-z]/.test(members) ? members.toLowerCase() + members.toUpperCase() : ""}]`;
}
