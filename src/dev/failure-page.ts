import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";

import { RELOAD_SCRIPT } from "./page-reload.js";
import type { ShownFailure } from "./shown-failure.js";
import { formatExcerpt } from "./source-excerpt.js";
import { shortPath } from "./stack-frames.js";
import { visible } from "./visible.js";

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

/** Whether the client of a request shows pages: a browser that opens one, rather than a script. */
export function wantsPage({
  headers: { accept = "", "sec-fetch-dest": destination },
}: IncomingMessage): boolean {
  if (destination !== undefined && !["document", "iframe", "frame"].includes(destination)) return false;
  return /(?:^|[,\s])text\/html(?:$|[,;\s])/i.test(accept);
}

/** The page of a failure. Everything in it is text. */
export function failurePage(failure: ShownFailure, { status, reloads }: PageFacts): OwnPage {
  const { title, message, place, excerpt, details, params } = failure;
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
<p class="message">${escapeHtml(message)}</p>
${place === undefined ? "" : `<h2>${escapeHtml(`${shortPath(place.file)}:${place.line}:${place.column}`)}</h2>\n`}${
    excerpt.length === 0
      ? ""
      : `<pre>${excerpt.map(({ number, text, isPlace }) => `<span${isPlace ? ' class="place"' : ""}>${escapeHtml(`${String(number).padStart(4)}  ${text}`)}</span>`).join("")}</pre>\n`
  }${details.length === 0 ? "" : `<h2>Stack</h2>\n<pre>${details.map((line) => `<span>${escapeHtml(line)}</span>`).join("")}</pre>\n`}${
    params.length === 0
      ? ""
      : `<h2>Request</h2>\n<table>${params.map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join("\n")}</table>\n`
  }<p class="note">${reloads ? "This page reloads itself after the next change. " : ""}Only tricorn dev shows it; clients of serve get a plain 500.</p>
${reloads ? `${RELOAD_SCRIPT}\n` : ""}</body>
</html>
`;
  const headers = {
    ...COMMON,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
  };
  return { status, headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) }, body };
}

/** The same for clients that show no pages. */
export function failureText(failure: ShownFailure, { status }: Pick<PageFacts, "status">): OwnPage {
  const body = `${formatFailure(failure).join("\n")}\n`;
  const headers = { ...COMMON, "Content-Type": "text/plain; charset=utf-8" };
  return { status, headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) }, body };
}

/** The lines of a failure, for a terminal or as text. */
export function formatFailure(failure: ShownFailure): readonly string[] {
  const { title, message, place, placeAt, excerpt, details } = failure;
  const lines = [title, ...message.split("\n").map((line) => `  ${line}`)];
  for (const [at, line] of details.entries()) {
    lines.push(`    ${line.trim()}`);
    if (at !== placeAt || place === undefined) continue;
    for (const one of formatExcerpt(excerpt, place)) lines.push(`      ${one}`);
  }
  return lines.map(visible);
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
