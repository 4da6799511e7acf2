/** Matches paths that may not be plain. */
const NEEDS_CARE = /^[^/]|[%\\#\0]|\/[/.;]/;
/** Matches paths that are ambiguous or invalid. */
const AMBIGUOUS = /^[^/]|[#\0]|%00/;
/** Matches the segments that Web servers resolve: empty segments and dot segments, encoded or not. */
const TO_RESOLVE = /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i;
/** A dot segment or an empty one with parameters: "/..;/" is "/../" to Tomcat and Jetty, and a name to others. */
const WITH_PARAMETERS = /\/(?:\.{1,2};|;[^/]*\/)/;
/** The same, encoded or not. */
const WITH_PARAMETERS_RAW = /(?:\/|%2f)(?:(?:\.|%2e){1,2}(?:;|%3b)|(?:;|%3b)[^/]*(?:\/|%2f))/i;
/** A dot segment, even between encoded slashes. */
const DOTS = /(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i;

/**
 * Returns the plain form of a path: without empty and dot segments, percent-encoding unchanged. It starts with one "/" and may
 * end with one.
 *
 * All decisions about a request use this path or its decoded form. nginx, Apache and lighttpd protect the resolved path but
 * pass on what the client wrote: `/members/../public` must not be below `/members` for routes if it is not for the server,
 * nor the other way round.
 *
 * @returns undefined for a path that Web servers refuse or read differently: it leaves the root, is not percent-encoded UTF-8,
 * has a NUL or a "#", does not start with "/", has parameters after a dot segment or an empty one, or has both an encoded
 * slash and a dot segment, which nginx and lighttpd resolve differently from Apache and routes
 */
export function plainPath(path: string): string | undefined {
  if (path === "") return "/";
  if (!NEEDS_CARE.test(path)) return path;
  if (AMBIGUOUS.test(path) || decodePath(path) === undefined) return undefined;
  if (/%2f/i.test(path) && DOTS.test(path)) return undefined;
  // Browsers read a backslash as a slash: "/\host" in a Location would lead to that host.
  return resolvePath(path.replaceAll("\\", "%5C"));
}

/**
 * Removes empty and dot segments, "%2e" too, from a raw path. Returns undefined if it leaves the root or has parameters after
 * such a segment.
 */
export function resolvePath(path: string): string | undefined {
  if (WITH_PARAMETERS_RAW.test(path)) return undefined;
  return TO_RESOLVE.test(path) ? resolveSegments(path, dotsOfRaw) : path;
}

/** Removes empty and dot segments from a decoded path, in which "%2e" is not a dot. Returns undefined as {@link resolvePath}. */
export function resolveDecoded(path: string): string | undefined {
  if (WITH_PARAMETERS.test(path)) return undefined;
  return TO_RESOLVE.test(path) ? resolveSegments(path, dotsOf) : path;
}

/** The number of dots of a dot segment; 0 for any other. */
function dotsOf(segment: string): number {
  return segment === "." || segment === ".." ? segment.length : 0;
}

function dotsOfRaw(segment: string): number {
  return /^(?:\.|%2e){1,2}$/i.test(segment) ? segment.replaceAll(/%2e/gi, ".").length : 0;
}

function resolveSegments(path: string, dotsOf: (segment: string) => number): string | undefined {
  const segments: string[] = [];
  let endsWithSlash = false;
  for (const segment of path.split("/")) {
    const dots = dotsOf(segment);
    endsWithSlash = segment === "" || dots > 0;
    if (!endsWithSlash) segments.push(segment);
    else if (dots === 2 && segments.pop() === undefined) return undefined;
  }
  return `/${segments.join("/")}${endsWithSlash && segments.length > 0 ? "/" : ""}`;
}

/** Returns the path that a Web server resolves to a file: plain and decoded, with encoded slashes. Undefined as {@link plainPath}. */
export function normalizePath(path: string): string | undefined {
  const plain = plainPath(path);
  // Decoded slashes may have left empty segments.
  return plain?.includes("%") ? decodePath(plain)!.replaceAll(/\/{2,}/g, "/") : plain;
}

/** Decodes a plain path by segments: an encoded slash stays "%2F" and part of its segment. */
export function decodeSegments(plain: string): string {
  if (!plain.includes("%")) return plain;
  return plain.split(/%2f/i).map(decodeURIComponent).join("%2F");
}

/** Decodes a path. Returns undefined for invalid percent-encoding. */
export function decodePath(path: string): string | undefined {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Returns the part of a plain path below a plain mount, in any encoding; undefined if the path is not below it. */
export function pathBelow(plain: string, mount: string): string | undefined {
  const literal = textBelow(plain, mount);
  if (literal !== undefined || !(plain.includes("%") || mount.includes("%"))) return literal;
  const segments = plain.split("/");
  const end = mount.split("/").length;
  if (decodeSegments(segments.slice(0, end).join("/")) !== decodeSegments(mount)) return undefined;
  return `/${segments.slice(end).join("/")}`;
}

/** Returns the part of a path below another one, compared character by character. */
export function textBelow(path: string, mount: string): string | undefined {
  if (!path.startsWith(mount)) return undefined;
  const rest = path.slice(mount.length);
  if (rest === "") return "/";
  return rest.charCodeAt(0) === 0x2f ? rest : undefined;
}
