import { text } from "node:stream/consumers";
import markdownIt from "markdown-it";
import { Filter, type FilterRequest } from "tricorn";

import { escapeHtml } from "./escape-html.js";

/** Shows Markdown files as Web pages. HTML in them is escaped. */
@Filter("*.md", { type: "text/html; charset=utf-8" })
export class MarkdownPages {
  readonly #markdown = markdownIt({ html: false, typographer: true });

  async filter({ data, mount }: FilterRequest): Promise<string> {
    const source = await text(data);
    const title = /^# +(.+)$/m.exec(source)?.[1] ?? "A guide";
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${escapeHtml(mount)}/style.css">
</head>
<body>
<main class="prose">
<p class="back"><a href="${escapeHtml(mount)}/">The library</a></p>
${this.#markdown.render(source)}
</main>
</body>
</html>
`;
  }
}
