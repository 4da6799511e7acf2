import { readFileSync } from "node:fs";

import type { SourcePlace } from "./stack-frames.js";

/** Lines before and after the one in question. */
const CONTEXT = 3;
/** The longest line that is shown, in characters: a bundle may be a single one. */
const LONGEST = 200;

/** A line of a source. */
export interface SourceLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Whether it is the line in question. */
  readonly isPlace: boolean;
}

/** Reads the lines around a place in a source; none if there is no such file or line. */
export function sourceExcerpt({ file, line }: SourcePlace): readonly SourceLine[] {
  let lines: readonly string[];
  try {
    lines = readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
  if (line < 1 || line > lines.length) return [];
  const first = Math.max(1, line - CONTEXT);
  return lines.slice(first - 1, line + CONTEXT).map((text, at) => ({
    number: first + at,
    text: text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text,
    isPlace: first + at === line,
  }));
}

/** The excerpt as text, with a mark before the line and one below the column. */
export function formatExcerpt(lines: readonly SourceLine[], { column }: SourcePlace): readonly string[] {
  const width = String(lines.at(-1)?.number ?? 0).length;
  return lines.flatMap(({ number, text, isPlace }) => {
    const shown = `${isPlace ? ">" : " "} ${String(number).padStart(width)} | ${text}`.trimEnd();
    // Tabs keep their width above the mark.
    const before = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
    return isPlace && column <= text.length ? [shown, `  ${" ".repeat(width)} | ${before}^`] : [shown];
  });
}
