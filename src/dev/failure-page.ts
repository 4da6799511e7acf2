import type { IncomingMessage } from "node:http";

import { escapeHtml, ownPage, ownText, type OwnPage, type PageFacts } from "./own-page.js";
import type { ShownFailure } from "./shown-failure.js";
import { formatExcerpt } from "./source-excerpt.js";
import { shortPath } from "./stack-frames.js";
import { visible } from "./visible.js";

/** Whether the client of a request shows pages: a browser that opens one, rather than a script. */
export function wantsPage({
  headers: { accept = "", "sec-fetch-dest": destination },
}: IncomingMessage): boolean {
  if (destination !== undefined && !["document", "iframe", "frame"].includes(destination)) return false;
  return /(?:^|[,\s])text\/html(?:$|[,;\s])/i.test(accept);
}

/** The page of a failure. Everything in it is text. */
export function failurePage(failure: ShownFailure, facts: PageFacts): OwnPage {
  const { title, message, place, excerpt, details, params } = failure;
  const html = `<p class="message">${escapeHtml(message)}</p>
${place === undefined ? "" : `<h2>${escapeHtml(`${shortPath(place.file)}:${place.line}:${place.column}`)}</h2>\n`}${
    excerpt.length === 0
      ? ""
      : `<pre>${excerpt.map(({ number, text, isPlace }) => `<span${isPlace ? ' class="place"' : ""}>${escapeHtml(`${String(number).padStart(4)}  ${text}`)}</span>`).join("")}</pre>\n`
  }${details.length === 0 ? "" : `<h2>Stack</h2>\n<pre>${details.map((line) => `<span>${escapeHtml(line)}</span>`).join("")}</pre>\n`}${
    params.length === 0
      ? ""
      : `<h2>Request</h2>\n<table>${params.map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join("\n")}</table>\n`
  }`;
  return ownPage({ title, html, elsewhere: "clients of serve get a plain 500" }, facts);
}

/** The same for clients that show no pages. */
export function failureText(failure: ShownFailure, facts: Pick<PageFacts, "status">): OwnPage {
  return ownText(`${formatFailure(failure).join("\n")}\n`, facts);
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
