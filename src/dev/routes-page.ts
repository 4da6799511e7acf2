import { ownPage, escapeHtml, type OwnPage, type PageFacts } from "./own-page.js";
import type { ShownRoute } from "./program-routes.js";

/** A request that no route matches. */
export interface UnroutedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The routes that there are. */
  readonly routes: readonly ShownRoute[];
}

/** The page for a path that no route matches: the routes that there are. Everything in it is text. */
export function routesPage({ method, path, routes }: UnroutedRequest, facts: PageFacts): OwnPage {
  const rows = routes.map(
    (route) =>
      `<tr><th scope="row">${escapeHtml(route.method)}</th><td>${shownPath(route)}</td><td>${escapeHtml(route.responder)}</td></tr>`,
  );
  const list = rows.length === 0 ? "<p>The program has no routes.</p>" : `<table>${rows.join("\n")}</table>`;
  return ownPage(
    {
      title: `${method} ${path}`,
      html: `<p class="message">No route matches this path, and no file has it</p>\n<h2>Routes</h2>\n${list}\n`,
      elsewhere: "clients of serve get a plain 404",
    },
    facts,
  );
}

/** A link, if a browser can open the path as it is. */
function shownPath({ method, path }: ShownRoute): string {
  const text = escapeHtml(path);
  const isOpen = (method === "GET" || method === "any") && !/[:*?]/.test(path) && !path.startsWith("//");
  return isOpen ? `<a href="${text}">${text}</a>` : text;
}
