import { text } from "node:stream/consumers";
import markdownIt from "markdown-it";
import { Filter, type FilterRequest } from "tricorn";

import { HTML, page } from "./page.js";

/** Shows Markdown files as Web pages. HTML in them is escaped. */
@Filter("*.md", { type: HTML })
export class MarkdownPages {
  readonly #markdown = markdownIt({ html: false, typographer: true });

  async filter({ data, dataLength, path, mount }: FilterRequest): Promise<string> {
    const source = await text(data);
    const title = /^# +(.+)$/m.exec(source)?.[1] ?? "A guide";
    return page({ title, mount }, this.#markdown.render(source), {
      role: "filter",
      data: { path, bytes: dataLength },
    });
  }
}
