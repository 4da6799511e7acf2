import { createHash } from "node:crypto";

import { RELOAD_SCRIPT } from "./page-reload.js";

/** A page or text of the development server, complete. */
export interface OwnPage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a page is made for. */
export interface PageFacts {
  readonly status: number;
  /** Whether it reloads itself after a change. */
  readonly reloads: boolean;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2129; --paper: #fff; --quiet: #5c6370; --line: #d9dce1; --mark: #fdecea; --red: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #16181d; --quiet: #9aa1ab; --line: #33373f; --mark: #442724; --red: #ff8a80 }
}
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0; color: var(--quiet); font-size: 1rem; font-weight: 600 }
h2 { margin: 2rem 0 0.5rem; font-size: 1rem }
p.message { margin: 0.25rem 0 1.5rem; color: var(--red); font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; white-space: pre-wrap }
p.note { color: var(--quiet) }
pre { margin: 0; padding: 0.75rem 0; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; font: 0.875rem/1.6 ui-monospace, monospace }
pre span { display: block; padding: 0 1rem }
pre .place { background: var(--mark) }
table { border-collapse: collapse; width: 100%; font: 0.8125rem/1.5 ui-monospace, monospace }
th, td { padding: 0.15rem 1rem 0.15rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { color: var(--quiet); font-weight: 400; white-space: nowrap }
`;

/** Its own style and script, and nothing else: what failed may quote anything. */
const POLICY =
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; script-src 'self'; ` +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const COMMON = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/** What differs between the pages. */
export interface PageContent {
  readonly title: string;
  /** HTML below the title. */
  readonly html: string;
  /** What clients get without the development server; text. */
  readonly elsewhere: string;
}

/** Makes a page of the common form. */
export function ownPage({ title, html, elsewhere }: PageContent, { status, reloads }: PageFacts): OwnPage {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${html}<p class="note">${reloads ? "This page reloads itself after the next change. " : ""}Only tricorn dev shows it; ${escapeHtml(elsewhere)}.</p>
${reloads ? `${RELOAD_SCRIPT}\n` : ""}</body>
</html>
`;
  return complete({
    status,
    body,
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY },
  });
}

/** Makes the same for clients that show no pages. */
export function ownText(body: string, { status }: Pick<PageFacts, "status">): OwnPage {
  return complete({ status, body, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

/** Writes text into HTML, also as the value of an attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

function complete({ status, body, headers }: OwnPage): OwnPage {
  return {
    status,
    body,
    headers: { ...COMMON, ...headers, "Content-Length": String(Buffer.byteLength(body)) },
  };
}
