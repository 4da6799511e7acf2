import { readFile } from "node:fs/promises";

/** The files that all pages have. */
const SHARED = new Set(["theme.css", "element.js", "formats.js", "icon.svg"]);

/**
 * Reads a file that a page consists of, by its name: one of the page's own, or one that all pages have.
 *
 * In the built package this module is in a folder of `dist/`, here in one of `src/`: the folders of the pages are beside it.
 *
 * @param page the folder whose page it is
 */
export function readPageFile(page: "inspector" | "supervisor", name: string): Promise<string> {
  const folder = SHARED.has(name) ? "page" : `${page}/page`;
  return readFile(new URL(`../${folder}/${name}`, import.meta.url), "utf8");
}
