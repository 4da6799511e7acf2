/** What a path has that is not plain at first sight. */
const NEEDS_CARE = /^[^/]|[%\\#\0]|\/[/.;]/;
/** What makes a path one that Web servers disagree about, or none at all. */
const UNCLEAR = /^[^/]|[#\0]|%00/;
/** What a Web server resolves before it looks for a file: empty segments and dot segments, encoded or not. */
const ROUNDABOUT = /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i;
/** A dot segment or an empty one with parameters: "/..;/" is "/../" to Tomcat and Jetty, and a name to others. */
const WITH_PARAMETERS = /\/(?:\.{1,2};|;[^/]*\/)/;
/** The same, encoded or not. */
const WITH_PARAMETERS_RAW = /(?:\/|%2f)(?:(?:\.|%2e){1,2}(?:;|%3b)|(?:;|%3b)[^/]*(?:\/|%2f))/i;
/** A dot segment, also one between encoded slashes. */
const DOTS = /(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i;

/**
 * The one plain spelling of a path: without empty and dot segments; what is percent-encoded stays as it is. It starts with
 * one "/" and may end with one. Undefined where nothing may be decided by the path, since Web servers disagree about it or
 * refuse it: it leaves the root, is not percent-encoded UTF-8, has a NUL or a "#", does not start with "/", or has parameters
 * behind a dot segment or an empty one; or it has both an encoded slash and a dot segment, which nginx and lighttpd resolve in
 * another way than Apache and routes.
 *
 * Everything that is decided about a request is decided by this path, or by what it decodes to. nginx, Apache and lighttpd
 * protect what it leads to and yet hand over what the client wrote: `/members/../public` must not be a path below
 * `/members` for routes where it is none for them, nor the other way round.
 */
export function plainPath(path: string): string | undefined {
  if (path === "") return "/";
  if (!NEEDS_CARE.test(path)) return path;
  if (UNCLEAR.test(path) || decodePath(path) === undefined) return undefined;
  if (/%2f/i.test(path) && DOTS.test(path)) return undefined;
  // Browsers take a backslash for a slash: "/\host" in a Location would lead to that host.
  return resolvePath(path.replaceAll("\\", "%5C"));
}

/**
 * A raw path without empty and dot segments, those spelt "%2e" too; undefined where it leaves the root or has parameters
 * behind such a segment.
 */
export function resolvePath(path: string): string | undefined {
  if (WITH_PARAMETERS_RAW.test(path)) return undefined;
  return ROUNDABOUT.test(path) ? resolveSegments(path, dotsOfRaw) : path;
}

/** A path that is decoded already, without empty and dot segments: a "%2e" in it is no dot. Undefined as above. */
export function resolveDecoded(path: string): string | undefined {
  if (WITH_PARAMETERS.test(path)) return undefined;
  return ROUNDABOUT.test(path) ? resolveSegments(path, dotsOf) : path;
}

/** How many dots a segment is; 0 for one that is no dot segment. */
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

/**
 * The path as a Web server resolves it to a file: plain and decoded, encoded slashes too. Undefined where
 * {@link plainPath} is.
 */
export function normalizePath(path: string): string | undefined {
  const plain = plainPath(path);
  // What is left to resolve is empty segments beside an encoded slash.
  return plain?.includes("%") ? decodePath(plain)!.replaceAll(/\/{2,}/g, "/") : plain;
}

/** A plain path decoded segment by segment: a slash that was encoded stays "%2F", and so part of its segment. */
export function decodeSegments(plain: string): string {
  if (!plain.includes("%")) return plain;
  return plain.split(/%2f/i).map(decodeURIComponent).join("%2F");
}

/** The decoded path, or undefined where its percent-encoding is broken. */
export function decodePath(path: string): string | undefined {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** What of a plain path lies below a plain mount, however the client spelt that; undefined where it does not. */
export function pathBelow(plain: string, mount: string): string | undefined {
  const literally = textBelow(plain, mount);
  if (literally !== undefined || !(plain.includes("%") || mount.includes("%"))) return literally;
  const segments = plain.split("/");
  const end = mount.split("/").length;
  if (decodeSegments(segments.slice(0, end).join("/")) !== decodeSegments(mount)) return undefined;
  return `/${segments.slice(end).join("/")}`;
}

/** What of a path lies below another one by their characters alone. */
export function textBelow(path: string, mount: string): string | undefined {
  if (!path.startsWith(mount)) return undefined;
  const rest = path.slice(mount.length);
  if (rest === "") return "/";
  return rest.charCodeAt(0) === 0x2f ? rest : undefined;
}
