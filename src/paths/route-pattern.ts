/** Percent escapes of a pattern, or a regular expression in parentheses, whose escapes stay. */
const ESCAPES = /\([^()]*\)|(?:%[0-9A-Fa-f]{2})+/g;

/**
 * Decodes the path of a route for the router: `/a%20b` and `/a b` are the same route. An invalid pattern stays unchanged; see
 * {@link faultOfPattern}.
 */
export function plainPattern(pattern: string): string {
  if (!pattern.includes("%")) return pattern;
  return pattern.replace(ESCAPES, (escapes) =>
    escapes.startsWith("(") ? escapes : decoded(escapes).replaceAll(":", "::"),
  );
}

/** Decodes a literal part of a route's path, as Web servers compare it. */
export function decodedLiteral(part: string): string {
  return part.replace(/(?:%[0-9A-Fa-f]{2})+/g, decoded);
}

/** Escapes that the router does not decode but a route may have: `$ & + , : ; = @`. */
const RESERVED = /%(?:24|26|2[BCbc]|3[ABDabd]|40)/g;

/** Returns the path of a request, percent-encoded as received, in the form that the router compares. */
export function routedPath(path: string): string {
  return path.includes("%") ? path.replace(RESERVED, decodeURIComponent) : path;
}

/** The path with and without its optional last segment, `/:id?`, which the router library adds as two routes. */
export function optionalVariants(pattern: string): readonly string[] {
  const optional = /(\/:[^/()]*?)\?(\/?)$/;
  const variants = optional.test(pattern)
    ? [pattern.replace(optional, "$1$2"), pattern.replace(optional, "$2") || "/"]
    : [pattern];
  return variants.map(withoutLastSlash);
}

function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/**
 * Returns the one path that a {@link plainPattern} matches, as {@link comparedPath} returns it; undefined if the pattern
 * captures segments.
 */
export function onlyPathOf(pattern: string): string | undefined {
  if (/[:*]/.test(pattern.replaceAll("::", ""))) return undefined;
  return withoutLastSlash(pattern.replaceAll("::", ":").replaceAll("%", "%25"));
}

/**
 * Decodes a {@link routedPath} as the router library compares it: all but `%23`, `%25`, `%2F` and `%3F`, without a last slash.
 * Returns undefined if its encoding is not valid.
 */
export function comparedPath(path: string): string | undefined {
  const isPlain = !(path.includes("%") || path.includes("?") || path.includes("#"));
  if (isPlain) return withoutLastSlash(path);
  const end = path.search(/[?#]/);
  const bare = end < 0 ? path : path.slice(0, end);
  try {
    return withoutLastSlash(decodeURI(bare.replaceAll("%25", "%2525")));
  } catch {
    return undefined;
  }
}

/** Returns why no request can match a pattern, with a cure; undefined if one can. */
export function faultOfPattern(pattern: string): string | undefined {
  // Removes regular expressions and the mark of an optional segment.
  const path = pattern.replace(/\([^()]*\)/g, "").replace(/(\/:[^/]*)\?(\/?)$/, "$1$2");
  if (/[?#]/.test(path)) return "it has a query or a fragment";
  if (/[\s\0]/.test(path)) return "it has white space; write %20 for a space";
  if (/:[^/:.-]*%/.test(path.replaceAll("::", ""))) return 'the name of a captured segment has a "%"';
  if (/%(?:00|23|2[AFaf]|3[Ff])/.test(path))
    return 'it has an encoded NUL, "#", "*", "/" or "?", which only a captured segment such as "/:name" can match';
  if (path.match(ESCAPES)?.some((escapes) => decoded(escapes) === escapes))
    return "its percent-encoding is not UTF-8";
  const isDots = (segment: string): boolean => segment === "." || segment === "..";
  if (/\/\//.test(path) || decodedLiteral(path).split("/").some(isDots))
    return "it has an empty segment or a dot segment, and no request has one";
  return undefined;
}

/** Percent-decodes; text that is not UTF-8 stays unchanged. */
function decoded(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
}
