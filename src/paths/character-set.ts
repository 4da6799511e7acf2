import type { CodeRange } from "./glob-nodes.js";

/** The last code point of Unicode. */
export const LAST_CODE = 0x10ffff;

/** Code points in ranges that are in order and do not touch. */
export type CharacterSet = readonly CodeRange[];

/** The same code points, in order. */
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

/** The code points of these characters. */
export function setOf(characters: Iterable<string>): CharacterSet {
  return characterSet(Array.from(characters, (character) => only(character.codePointAt(0)!)));
}

function only(code: number): CodeRange {
  return [code, code];
}

/** All other code points. */
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

export function hasCode(set: CharacterSet, code: number): boolean {
  for (const [first, last] of set) if (code <= last) return code >= first;
  return false;
}
