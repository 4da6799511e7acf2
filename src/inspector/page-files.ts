import { readFile } from "node:fs/promises";

/**
 * The folder of the page. In the built package this module is in `dist/inspector/` or `dist/shared/`, here in `src/inspector/`:
 * the folder is `inspector/page/` beside all of them.
 */
const FOLDER = new URL("../inspector/page/", import.meta.url);

/** The page itself. */
const PAGE = "page.html";

/** The replaced text of the page: the token for requests that change something. */
const TOKEN = "{{token}}";

/** The media types of the files that the page loads. */
const FILES: Readonly<Record<string, string>> = {
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "conversation.js": "text/javascript; charset=utf-8",
  "element.js": "text/javascript; charset=utf-8",
  "filters.js": "text/javascript; charset=utf-8",
  "record.js": "text/javascript; charset=utf-8",
  "request-list.js": "text/javascript; charset=utf-8",
  "request.js": "text/javascript; charset=utf-8",
  "story.js": "text/javascript; charset=utf-8",
  "words.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** A file with its media type. */
export interface PageFile {
  readonly type: string;
  readonly content: string;
}

/** Reads the page. */
export async function readPage(token: string): Promise<PageFile> {
  const content = await readFile(new URL(PAGE, FOLDER), "utf8");
  return { type: "text/html; charset=utf-8", content: content.replaceAll(TOKEN, token) };
}

/** Whether the page loads a file of this name. */
export function isPageFile(name: string): boolean {
  return Object.hasOwn(FILES, name);
}

/** Reads a file that the page loads. */
export async function readPageFile(name: string): Promise<PageFile> {
  return { type: FILES[name]!, content: await readFile(new URL(name, FOLDER), "utf8") };
}
