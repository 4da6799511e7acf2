import { reply, type Middleware, type Problem } from "tricorn";
import { Role } from "tricorn/protocol";

import { escapeHtml } from "./escape-html.js";
import { HTML, page, showsPages } from "./page.js";

/** Answers a browser with a page, and a way on, where a program gets a problem description (RFC 9457). */
export const errorPages: Middleware = async ({ headers, mount, exchange }, next) => {
  const answer = await next();
  if (answer.type !== "application/problem+json" || typeof answer.body !== "string") return answer;
  answer.headers.append("Vary", "Accept");
  if (!showsPages(headers.get("accept"))) return answer;
  const { status } = answer;
  const problem = JSON.parse(answer.body) as Problem;
  const role = exchange.role === Role.Filter ? "filter" : "responder";
  const html = page({ title: problem.title, mount }, contentsOf(problem, escapeHtml(mount)), {
    role,
    status,
  });
  return reply(html, { status, type: HTML, headers: answer.headers });
};

function contentsOf({ title, status, detail, errors = [] }: Problem, root: string): string {
  const rows = errors.map(
    ({ in: place, path, message }) =>
      `<li><code>${escapeHtml([place, ...path].join(" "))}</code>: ${escapeHtml(message)}</li>\n`,
  );
  return `<h1>${status} ${escapeHtml(title)}</h1>
<p>${escapeHtml(detail)}</p>
${rows.length === 0 ? "" : `<ul>\n${rows.join("")}</ul>\n`}<p>Go on to <a href="${root}/books/browse">the shelves</a>, or back to <a href="${root}/">the start page</a>.</p>
`;
}
