import { escapeHtml } from "./escape-html.js";
import { travelPanel, type Travelled } from "./travelled.js";

/** What the pages of the application have in common. */
export interface PageFacts {
  readonly title: string;
  /** The path prefix of the application; empty at the root. */
  readonly mount: string;
  /** `prose` for a narrow column of text. */
  readonly className?: string;
}

/** The type of a page. */
export const HTML = "text/html; charset=utf-8";

/** A whole page. `body` is HTML. */
export function page(facts: PageFacts, body: string, travelled: Travelled): string {
  return `${pageStart(facts)}${body}${pageEnd(travelled)}`;
}

/** The start of a page, up to its contents. */
export function pageStart({ title, mount, className = "prose" }: PageFacts): string {
  const root = escapeHtml(mount);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${root}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${root}/style.css">
</head>
<body>
<main class="${className}">
<p class="back"><a href="${root}/">The library</a></p>
`;
}

/** The end of a page: the panel of what has travelled for it. */
export function pageEnd(travelled: Travelled): string {
  return `${travelPanel(travelled)}</main>
</body>
</html>
`;
}

/** Whether a client shows pages, as browsers say of themselves. Programs get JSON. */
export function showsPages(accept: string | undefined): boolean {
  return accept?.includes("text/html") === true;
}
