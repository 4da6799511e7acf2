import { escapeHtml } from "./escape-html.js";

const placeholder = /\{\{ ?(\w{1,32}) ?\}\}/g;
/** The end of a chunk that may begin a placeholder. Its length is bounded, and so is the buffered text. */
const unfinished = /\{(\{ ?(\w{1,32} ?\}?)?)?$/;

/** The value of a placeholder: text, which is escaped, or HTML. */
export type PlaceholderValue = string | { readonly html: string };

/**
 * Replaces `{{name}}` in a stream of HTML by `valueOf("name")`, however the chunks are divided. A placeholder
 * without a value is left unchanged.
 */
export async function* fillPlaceholders(
  chunks: AsyncIterable<string>,
  valueOf: (name: string) => PlaceholderValue | undefined,
): AsyncGenerator<string> {
  const fill = (html: string) =>
    html.replace(placeholder, (whole: string, name: string) => {
      const value = valueOf(name) ?? whole;
      return typeof value === "string" ? escapeHtml(value) : value.html;
    });

  let rest = "";
  for await (const chunk of chunks) {
    const html = rest + chunk;
    const cut = html.search(unfinished);
    rest = cut < 0 ? "" : html.slice(cut);
    yield fill(cut < 0 ? html : html.slice(0, cut));
  }
  yield fill(rest);
}
