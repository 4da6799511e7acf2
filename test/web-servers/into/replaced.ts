/** Replaces parts of a file that Debian ships; fails if one is not there. */
export function replaced(text: string, pairs: readonly (readonly [string | RegExp, string])[]): string {
  return pairs.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`Debian's file has no ${from}`);
    return after;
  }, text);
}
