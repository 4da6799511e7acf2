/**
 * Writes control characters as escapes, except line feeds and tabs: what a request has brought into a message must not move the
 * cursor, set colors or write to the clipboard of a terminal.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]/gu,
    (character) => `\\x${character.codePointAt(0)!.toString(16).padStart(2, "0")}`,
  );
}
