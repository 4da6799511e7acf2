/** A stretch of bytes: from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Sorts spans and joins those that touch. */
export function joinedSpans(spans: readonly Span[]): readonly Span[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else if (end > start) joined.push({ start, end });
  }
  return joined;
}

/** Where these texts occur in bytes. */
export function occurrences(bytes: Buffer, texts: readonly string[]): readonly Span[] {
  const spans: Span[] = [];
  for (const text of texts) {
    const sought = Buffer.from(text);
    for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + sought.length))
      spans.push({ start: at, end: at + sought.length });
  }
  return spans;
}
