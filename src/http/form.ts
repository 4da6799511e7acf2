/** The names and values of a query or a urlencoded form, decoded. */
export function parseForm(text: string): URLSearchParams {
  // To URLSearchParams a blank is one, and a plus takes it many times as long: it puts the text together piece by piece.
  const blanks = text.replaceAll("+", " ");
  // Behind a separator a question mark belongs to the first name; in front it would be dropped.
  return new URLSearchParams(blanks.startsWith("?") ? `&${blanks}` : blanks);
}
