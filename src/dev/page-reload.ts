import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { targetUrl } from "./target-url.js";

const SCRIPT_PATH = "/__tricorn/reload.js";
const EVENTS_PATH = "/__tricorn/reload";
/** Pages that wait for a change at the same time. */
const MOST_PAGES = 100;

/** What is added to a page. A script of its own origin, since many policies refuse one in the page. */
export const RELOAD_SCRIPT = `<script src="${SCRIPT_PATH}" defer></script>`;

/** What is added to a page whose stream was ended by a change: it waits only for the next program. */
export const RELOAD_SCRIPT_AT_ONCE = `<script src="${SCRIPT_PATH}?at-once" defer></script>`;

const FIELDS = {
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** Browsers open six connections to a server: a page that is not visible does not keep one. */
function scriptFor(version: string): string {
  return `{
  let source;
  const open = () => {
    if (source !== undefined || document.visibilityState !== "visible") return;
    source = new EventSource("${EVENTS_PATH}?since=${version}");
    source.addEventListener("changed", () => location.reload());
  };
  const close = () => {
    source?.close();
    source = undefined;
  };
  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? open() : close()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}
`;
}

/** Makes the pages of a development server reload themselves: each has a script that waits for a later version than its own. */
export class PageReload {
  /** Differs from those of an earlier development server: a page of that one reloads too. */
  readonly #begin = randomBytes(6).toString("hex");
  readonly #pages = new Set<ServerResponse>();
  #count = 0;
  /** Whether requests are answered: a page whose stream was ended waits until they are. */
  isAnswering = false;

  /** Answers the requests of the script. Returns whether it is one. */
  door(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname, searchParams } = targetUrl(request.url);
    if (pathname === SCRIPT_PATH) {
      const script = scriptFor(searchParams.has("at-once") ? "ended" : this.#version);
      response.writeHead(200, { ...FIELDS, "Content-Type": "text/javascript; charset=utf-8" }).end(script);
      return true;
    }
    if (pathname !== EVENTS_PATH) return false;
    this.#open(response, searchParams.get("since") ?? "");
    return true;
  }

  /** What the pages show has changed: they reload. */
  changed(): void {
    this.#count += 1;
    for (const page of this.#pages) page.end(CHANGED);
    this.#pages.clear();
  }

  /** Ends what the pages wait with. */
  close(): void {
    for (const page of this.#pages) page.end();
    this.#pages.clear();
  }

  get #version(): string {
    return `${this.#begin}-${this.#count}`;
  }

  #open(response: ServerResponse, since: string): void {
    response.writeHead(200, { ...FIELDS, "Content-Type": "text/event-stream" });
    // Until the browser tries again; ms.
    response.write("retry: 500\n\n");
    const isOld = since === "ended" ? this.isAnswering : since !== this.#version;
    if (isOld || this.#pages.size >= MOST_PAGES) {
      response.end(isOld ? CHANGED : "");
      return;
    }
    this.#pages.add(response);
    response.once("close", () => this.#pages.delete(response));
  }
}

const CHANGED = "event: changed\ndata:\n\n";
