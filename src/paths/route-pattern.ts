/** Escapes of a pattern that stand for something; those of a regular expression in parentheses are its own. */
const ESCAPES = /\([^()]*\)|(?:%[0-9A-Fa-f]{2})+/g;

/**
 * The path of a route as the router has it, which is decoded: `/a%20b` and `/a b` are one. What no request could have stays as
 * it is: {@link faultOfPattern} tells.
 */
export function plainPattern(pattern: string): string {
  if (!pattern.includes("%")) return pattern;
  return pattern.replace(ESCAPES, (escapes) =>
    escapes.startsWith("(") ? escapes : decoded(escapes).replaceAll(":", "::"),
  );
}

/** A literal part of a route's path as a Web server compares it: decoded. */
export function decodedLiteral(part: string): string {
  return part.replace(/(?:%[0-9A-Fa-f]{2})+/g, decoded);
}

/** What the router leaves encoded of the path of a request, though a route may have it: `$ & + , : ; = @`. */
const RESERVED = /%(?:24|26|2[BCbc]|3[ABDabd]|40)/g;

/** The path of a request, percent-encoded as it came, as the router compares it. */
export function routedPath(path: string): string {
  return path.includes("%") ? path.replace(RESERVED, decodeURIComponent) : path;
}

/** Why no request has such a path, and what to do; undefined where one may. */
export function faultOfPattern(pattern: string): string | undefined {
  // Neither a regular expression nor the mark of an optional segment is a part of a path.
  const path = pattern.replace(/\([^()]*\)/g, "").replace(/(\/:[^/]*)\?(\/?)$/, "$1$2");
  if (/[?#]/.test(path)) return "it has a query or a fragment in it";
  if (/[\s\0]/.test(path)) return "it has white space in it, and a blank is written as %20";
  if (/:[^/:.-]*%/.test(path.replaceAll("::", ""))) return 'the name of a captured segment has a "%" in it';
  if (/%(?:00|23|2[AFaf]|3[Ff])/.test(path))
    return 'it has an encoded NUL, "#", "*", "/" or "?", which a captured segment alone can stand for, such as "/:name"';
  if (path.match(ESCAPES)?.some((escapes) => decoded(escapes) === escapes))
    return "what is percent-encoded in it is no UTF-8";
  const isDots = (segment: string): boolean => segment === "." || segment === "..";
  if (/\/\//.test(path) || decodedLiteral(path).split("/").some(isDots))
    return "it has an empty segment or one of dots, which the path of a request never has";
  return undefined;
}

/** Percent-decoded; as it is where that is no UTF-8. */
function decoded(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
}
