import picomatch from "picomatch";

import { ConfigurationError } from "./errors.js";

/**
 * Paths beyond this many characters match every glob, because the time that a glob takes grows with the path, which a
 * client chooses. So whatever protects anything protects them too.
 */
const MAX_PATH_LENGTH = 2048;

/** With more stars in one segment the time would grow with more than the square of the path. */
const MAX_STARS = 2;

/** How a glob is compared. */
export interface GlobOptions {
  /** Whether "A" and "a" differ. */
  readonly caseSensitive: boolean;
}

/** Tells of a decoded path whether a pattern covers it. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles a glob over decoded paths: without "/" it is compared with the last segment ("*.txt"), with one it covers
 * the whole path ("/members/**"). It covers dot files and every character, unlike a shell's: what a glob protects
 * must not depend on a name's spelling.
 *
 * @throws ConfigurationError `ERR_GLOB` for more than two stars in a segment
 */
export function compileGlob(glob: string, options: GlobOptions): PathMatcher {
  for (const segment of glob.split("/")) {
    if (segment === "**" || segment.split("*").length - 1 <= MAX_STARS) continue;
    throw new ConfigurationError(
      "ERR_GLOB",
      `Cannot compile glob ${JSON.stringify(glob)}: ${segment} has more than ${MAX_STARS} stars, which can take very long`,
    );
  }
  const matches = compile(glob, options);
  return (path) => path.length > MAX_PATH_LENGTH || matches(path);
}

function compile(glob: string, { caseSensitive }: GlobOptions): PathMatcher {
  // "s" because a name may hold U+2028, which "." leaves out otherwise.
  const options = { dot: true, flags: caseSensitive ? "s" : "is" };
  if (!glob.includes("/")) {
    const matches = picomatch(glob, options);
    return (path) => matches(lastSegment(path));
  }
  const [not, pattern] = glob.startsWith("!") && !glob.startsWith("!(") ? ["!", glob.slice(1)] : ["", glob];
  // picomatch 4.0 takes "/a.txt" for no match of "/**/*.txt"; below a named folder it is one.
  const slash = /^(?:[/{(]|[@+?*!]\()/.test(pattern) ? "" : "/";
  const matches = picomatch(`${not}root${slash}${pattern}`, options);
  return (path) => matches(`root${path}`);
}

/** Whether a text has characters that mean something in a glob. */
export function isGlob(text: string): boolean {
  return /[*?[\]{}()!\\]/.test(text);
}

/** Escapes what means something in a glob. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]{}()!\\+@|^$]/g, "\\$&");
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
