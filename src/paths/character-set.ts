import type { CodeRange } from "./glob-nodes.js";

/** The last code point of Unicode. */
export const LAST_CODE = 0x10ffff;

/** Code points as sorted ranges that neither overlap nor touch. */
export type CharacterSet = readonly CodeRange[];

/** Sorts and merges ranges. */
export function characterSet(ranges: Iterable<CodeRange>): CharacterSet {
  const sorted = [...ranges].sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** Returns the set of these characters. */
export function setOf(characters: Iterable<string>): CharacterSet {
  return characterSet(Array.from(characters, (character) => single(character.codePointAt(0)!)));
}

function single(code: number): CodeRange {
  return [code, code];
}

/** Returns all other code points. */
export function complementOf(set: CharacterSet): CharacterSet {
  const ranges: CodeRange[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) ranges.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE) ranges.push([next, LAST_CODE]);
  return ranges;
}

/** Whether a set has a code point. */
export function hasCode(set: CharacterSet, code: number): boolean {
  for (const [first, last] of set) if (code <= last) return code >= first;
  return false;
}
