import { compileNodes, OPPOSITE, type Letters } from "./glob-automaton.js";
import type { ParsedGlob } from "./glob-nodes.js";
import { parseGlob, rooted, withoutMark } from "./glob-parser.js";
import { readingsOf } from "./path-readings.js";
import { formsOf } from "./trailing-slash.js";

/** Paths beyond this many characters match every glob. So whatever protects anything protects them too. */
export const MAX_PATH_LENGTH = 2048;

/** Tells of a decoded path whether a pattern covers it. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles a glob over decoded paths: without "/" it is compared with the last segment ("*.txt"), with one it covers
 * the whole path ("/members/**"). It covers dot files and every character, unlike a shell's: what a glob protects
 * must not depend on a name's spelling. The time that it takes is linear in the path.
 *
 * @throws ConfigurationError `ERR_GLOB` for what is no glob, or could be understood in several ways
 */
export function compileGlob(glob: string): PathMatcher {
  const matches = compile(parseGlob(glob), { glob, letters: "exact" });
  return (path) => path.length > MAX_PATH_LENGTH || matches(path);
}

/**
 * Compiles a glob of what an authorizer must allow. It covers a path that it covers in any of its readings, each letter by
 * letter or as programs compare that ignore case. A reading only ever adds to what is covered, also where the glob
 * excludes: "!/public/**" covers "/PUBLIC/a", which is another path to some.
 *
 * @throws ConfigurationError `ERR_GLOB` as {@link compileGlob}
 */
export function compileProtection(glob: string): PathMatcher {
  const parsed = parseGlob(glob);
  // What a negated glob leaves out is free, be there a slash behind it or not.
  const forms = parsed.negated ? [parsed] : formsOf(parsed);
  const matchers = forms.flatMap((form) => [
    compile(form, { glob, letters: "exact" }),
    compile(form, { glob, letters: "widest" }),
  ]);
  return (path) =>
    path.length > MAX_PATH_LENGTH ||
    readingsOf(path).some((reading) => matchers.some((matches) => matches(reading)));
}

function compile(
  { nodes, negated, lastSegment }: ParsedGlob,
  { glob, letters }: { readonly glob: string; readonly letters: Letters },
): PathMatcher {
  const covers = compileNodes(glob, { nodes, letters: negated ? OPPOSITE[letters] : letters });
  const covered = lastSegment ? (path: string) => coversName(covers, path) : covers;
  return negated ? (path) => !covered(path) : covered;
}

/** A path that ends with a slash has no last segment. */
function coversName(covers: PathMatcher, path: string): boolean {
  return !path.endsWith("/") && covers(path.slice(path.lastIndexOf("/") + 1));
}

/** Whether a text has characters that mean something in a glob. */
export function isGlob(text: string): boolean {
  return /[*?[\]{}()!\\]/.test(text);
}

/** The same glob for whoever looks at the whole path, the mount included. What is compared with names stays as it is. */
export function globBelow(glob: string, mount: string): string {
  const { mark, bare } = withoutMark(glob);
  return mount === "" || !bare.includes("/") ? glob : `${mark}${escapeGlob(mount)}${rooted(bare)}`;
}

/** Escapes what means something in a glob. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]{}()!\\+@|^$"]/g, "\\$&");
}
