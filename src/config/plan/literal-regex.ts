import type { CodeRange } from "../../paths/glob-nodes.js";
import { foldText, variantsOf, type Spelling } from "../../paths/case-folding.js";

/**
 * The unit of a Web server's regular expressions: the UTF-8 `bytes` of a path (PCRE in nginx, Apache and HAProxy), or
 * `characters` (PCRE in lighttpd, with PCRE2_UTF; RE2 in Caddy; Java).
 */
export type RegexUnit = "bytes" | "characters";

/** A regular expression for a literal text. */
export function literalText(text: string, unit: RegexUnit): string {
  return Array.from(text, (character) => literal(character, unit)).join("");
}

/** The maximum number of spellings of a part of a text. */
const MAX_WAYS = 100;

/**
 * A text in every spelling that a case-insensitive program may match, for a regular expression that ignores the case of ASCII
 * letters only; undefined if there are too many.
 */
export function spelledText(text: string, unit: RegexUnit): string | undefined {
  const { length, spellings } = foldText(text);
  const parts: string[] = [];
  for (let start = 0; start < length;) {
    const end = endOfPart(start, spellings);
    const ways = waysFrom(start, { end, spellings, unit });
    if (ways.length > MAX_WAYS) return undefined;
    parts.push(alternatives(ways));
    start = end;
  }
  return parts.join("");
}

/** The next index that is not inside of a multi-character spelling. */
function endOfPart(start: number, spellings: readonly Spelling[]): number {
  let end = start + 1;
  for (const { from, to } of spellings) if (from >= start && from < end && to > end) end = to;
  return end;
}

interface WaysOptions {
  readonly end: number;
  readonly spellings: readonly Spelling[];
  readonly unit: RegexUnit;
}

function waysFrom(start: number, { end, spellings, unit }: WaysOptions): string[] {
  if (start === end) return [""];
  const ways: string[] = [];
  for (const { from, to, characters } of spellings) {
    if (from !== start) continue;
    const first = characters.map((character) => literal(character.replace(/[A-Z]/, lower), unit));
    for (const rest of waysFrom(to, { end, spellings, unit })) {
      if (to === end) ways.push(...first);
      else ways.push(alternatives(first) + rest);
      if (ways.length > MAX_WAYS) return ways;
    }
  }
  return ways;
}

function lower(letter: string): string {
  return letter.toLowerCase();
}

function alternatives(ways: readonly string[]): string {
  const different = [...new Set(ways)];
  return different.length === 1 ? different[0]! : `(?:${different.join("|")})`;
}

/** A character class with these members and their non-ASCII variants. */
export function withVariants(inside: string, members: readonly CodeRange[], unit: RegexUnit): string {
  const others = new Set<string>();
  for (const [first, last] of members) {
    for (let code = first; code <= last; code += 1) {
      for (const variant of variantsOf(String.fromCodePoint(code)))
        if (variant >= "\x80") others.add(variant);
    }
  }
  return alternatives([`[${inside}]`, ...Array.from(others, (character) => literal(character, unit))]);
}

/** An ASCII character in a character class. */
export function inBrackets(code: number): string {
  return /\w/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : escapeByte(code);
}

/** A literal character, unescaped if it has no meaning in any configuration language. */
function literal(character: string, unit: RegexUnit): string {
  if (/[A-Za-z0-9_/-]/.test(character)) return character;
  if (character === ".") return String.raw`\.`;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return escapeByte(code);
  if (unit === "bytes") return [...Buffer.from(character)].map(escapeByte).join("");
  return /[\p{L}\p{N}]/u.test(character) ? character : `\\x{${code.toString(16)}}`;
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
