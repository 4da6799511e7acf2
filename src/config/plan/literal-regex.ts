import type { CodeRange } from "../../paths/glob-nodes.js";
import { foldText, variantsOf, type Spelling } from "../../paths/case-folding.js";

/**
 * What a Web server's regular expressions look at: `bytes`, the bytes of a path in UTF-8 (PCRE as nginx, Apache
 * and HAProxy use it), or `characters` (PCRE of lighttpd, which compiles with PCRE2_UTF; RE2 of Caddy; Java).
 */
export type RegexUnit = "bytes" | "characters";

/** A text that stands for itself. */
export function literalText(text: string, unit: RegexUnit): string {
  return Array.from(text, (character) => literal(character, unit)).join("");
}

/** The most ways to spell a part of a text that are written out. */
const MAX_WAYS = 100;

/**
 * A text in each way in which a program that ignores case may find it, where the regular expression knows of ASCII letters
 * alone that case does not count; undefined where there are too many ways.
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

/** The next place that no character reaches across. */
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

/** Brackets with these members, and beside them what beyond ASCII is taken for one of them. */
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

/** A character of ASCII between brackets. */
export function inBrackets(code: number): string {
  return /\w/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : escapeByte(code);
}

/** A character that stands for itself: as it is where no language can take it for anything else. */
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
