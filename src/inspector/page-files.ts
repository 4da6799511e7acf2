import { readPageFile } from "../page/page-file.js";

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** The replaced text of the page: the token for requests that change something. */
const TOKEN = "{{token}}";

/** The media types of the files that the page loads. */
const FILES: Readonly<Record<string, string>> = {
  "theme.css": STYLE,
  "page.css": STYLE,
  "page.js": SCRIPT,
  "conversation.js": SCRIPT,
  "element.js": SCRIPT,
  "filters.js": SCRIPT,
  "formats.js": SCRIPT,
  "record.js": SCRIPT,
  "request-list.js": SCRIPT,
  "request.js": SCRIPT,
  "story.js": SCRIPT,
  "words.js": SCRIPT,
  "icon.svg": "image/svg+xml",
};

/** A file with its media type. */
export interface PageFile {
  readonly type: string;
  readonly content: string;
}

/** Reads the page. */
export async function readPage(token: string): Promise<PageFile> {
  const content = await readPageFile("inspector", "page.html");
  return { type: "text/html; charset=utf-8", content: content.replaceAll(TOKEN, token) };
}

/** Whether the page loads a file of this name. */
export function isLoaded(name: string): boolean {
  return Object.hasOwn(FILES, name);
}

/** Reads a file that the page loads. */
export async function readLoaded(name: string): Promise<PageFile> {
  return { type: FILES[name]!, content: await readPageFile("inspector", name) };
}
