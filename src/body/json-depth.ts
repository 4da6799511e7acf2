/**
 * Whether arrays and objects of a JSON text are nested deeper than so many levels, to be asked before the text is parsed:
 * what is done with a value goes down its levels, and a client must not choose how deep.
 */
export function isDeeperThan(text: string, depth: number): boolean {
  // Each level has a character of its own.
  if (text.length <= depth) return false;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        open += 1;
        // Written so that a limit that is not a number admits nothing.
        if (!(open <= depth)) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open -= 1;
        break;
    }
  }
  return false;
}

/** Where the quote stands that ends a string; the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}
