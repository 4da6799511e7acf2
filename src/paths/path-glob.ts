import { compileNodes, OPPOSITE, type LetterMatching } from "./glob-automaton.js";
import type { ParsedGlob } from "./glob-nodes.js";
import { parseGlob, rooted, withoutMark } from "./glob-parser.js";
import { readingsOf } from "./path-readings.js";
import { formsOf } from "./trailing-slash.js";

/** Longer paths, in characters, match every glob, so that everything that protects a path protects them too. */
export const MAX_PATH_LENGTH = 2048;

/** Reports whether a pattern covers a decoded path. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles a glob over decoded paths: without "/" it is compared with the last segment ("*.txt"), with one with the whole
 * path ("/members/**"). Unlike a shell's it covers dot files and every character: what a glob protects must not depend on how
 * a name is written. Matching takes linear time.
 *
 * @throws ConfigurationError `ERR_GLOB` for an invalid or ambiguous glob
 */
export function compileGlob(glob: string): PathMatcher {
  const matches = compile(parseGlob(glob), { glob, letters: "exact" });
  return (path) => path.length > MAX_PATH_LENGTH || matches(path);
}

/**
 * Compiles a glob of what an authorizer must allow. It covers a path if it covers any of its readings, compared exactly or
 * ignoring case. A reading only adds to what is covered, even if the glob is negated: "!/public/**" covers "/PUBLIC/a", which
 * is another path to some programs.
 *
 * @throws ConfigurationError `ERR_GLOB` as {@link compileGlob}
 */
export function compileProtection(glob: string): PathMatcher {
  const parsed = parseGlob(glob);
  // A negated glob excludes only its own form: with another trailing slash, a path stays covered.
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
  { glob, letters }: { readonly glob: string; readonly letters: LetterMatching },
): PathMatcher {
  const covers = compileNodes(glob, { nodes, letters: negated ? OPPOSITE[letters] : letters });
  const covered = lastSegment ? (path: string) => coversName(covers, path) : covers;
  return negated ? (path) => !covered(path) : covered;
}

/** Compares the last segment; a path that ends with a slash has none. */
function coversName(covers: PathMatcher, path: string): boolean {
  return !path.endsWith("/") && covers(path.slice(path.lastIndexOf("/") + 1));
}

/** Whether a text has characters that are special in a glob. */
export function isGlob(text: string): boolean {
  return /[*?[\]{}()!\\]/.test(text);
}

/** Returns a glob for paths that include the mount. A glob that is compared with the last segment stays unchanged. */
export function globBelow(glob: string, mount: string): string {
  const { mark, bare } = withoutMark(glob);
  return mount === "" || !bare.includes("/") ? glob : `${mark}${escapeGlob(mount)}${rooted(bare)}`;
}

/** Escapes the special characters of a glob. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]{}()!\\+@|^$"]/g, "\\$&");
}
