/** Characters that show nothing, or change the order of others: a path could look like another one. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * @param {string} text that a peer has sent
 * @returns {string} the same, with invisible characters as `\u{202e}`
 */
export function visible(text) {
  return text.replaceAll(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
