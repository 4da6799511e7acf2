import type { Params } from "../protocol/params.js";
import {
  decodePath,
  decodeSegments,
  normalizePath,
  pathBelow,
  plainPath,
  resolveDecoded,
  resolvePath,
  textBelow,
} from "./plain-path.js";
import { formOf, type PathForm } from "./path-variables.js";
import { encodeBytes, originForm, targetOf } from "./request-target.js";

/** The target of a request, split into the application's mount and the path that routes match. */
export interface RequestLocation {
  /** The request target in origin-form: the plain path and the raw query. */
  readonly target: string;
  /** The plain path below the mount, still percent-encoded; starts with "/". */
  readonly path: string;
  /** The prefix of the application: "", or a path that starts with "/" and does not end with one. */
  readonly mount: string;
  /** The query of REQUEST_URI as received, without its question mark. */
  readonly query: string;
  /**
   * "below" the mount or "outside" it. A path that programs read differently is "ambiguous": `path` is then as received, and
   * nothing may be decided by it.
   */
  readonly kind: "below" | "outside" | "ambiguous";
}

/** What a request is located by, in addition to REQUEST_URI. */
export interface LocationFacts {
  /** The declared mount: "/app", "/" for the root regardless of PATH_INFO, "" for none. */
  readonly mount: string;
  /** PATH_INFO, unless it cannot be trusted. */
  readonly pathInfo: string | undefined;
}

/**
 * Finds the path that routes match.
 *
 * It comes from REQUEST_URI, which every server sends as the client wrote it, so it is the same behind all servers, and the
 * same for an authorizer as for the responder. Servers differ in SCRIPT_NAME and PATH_INFO.
 *
 * PATH_INFO only says which end of the path is below the mount (RFC 3875, section 4.1.5). It is ignored if the path does not
 * end with it, or if it is empty: nginx then sends the whole path, or that of a front controller, as SCRIPT_NAME.
 */
export function locate(params: Params, { mount: declared, pathInfo }: LocationFacts): RequestLocation {
  const requested = targetOf(params) || fromScriptName(params);
  const mark = requested.indexOf("?");
  const rawPath = mark < 0 ? requested : requested.slice(0, mark);
  const query = mark < 0 ? "" : withoutFragment(requested, mark + 1);
  const plain = plainPath(rawPath);
  if (plain === undefined) {
    // Never "//host": a redirect to the request's own target must not lead to another host.
    const path = rawPath.replace(/^[/\\]*/, "/");
    return { target: mark < 0 ? path : `${path}?${query}`, path, mount: "", query, kind: "ambiguous" };
  }
  const target = mark < 0 ? plain : `${plain}?${query}`;
  if (declared === "") {
    const path = pathInfo?.startsWith("/") ? endMatching(plain, { params, pathInfo }) : undefined;
    if (path === undefined && pathInfo === "/" && isScript(params, plain)) {
      // The mount itself: a server may be configured to add the slash that the client omitted.
      return { target, path: "/", mount: plain, query, kind: "below" };
    }
    const mount = path === undefined ? "" : plain.slice(0, plain.length - path.length);
    return { target, path: path ?? plain, mount, query, kind: "below" };
  }
  if (declared === "/") return { target, path: plain, mount: "", query, kind: "below" };
  const path = pathBelow(plain, declared);
  return path === undefined
    ? { target, path: plain, mount: "", query, kind: "outside" }
    : { target, path, mount: declared, query, kind: "below" };
}

/**
 * Returns the paths that authorizers are matched with: decoded, below the declared mount, one for each way in which Web
 * servers and applications read the target. There are two if a slash is encoded: nginx and lighttpd read it as a slash, Apache
 * and routes do not. Undefined if nothing may be decided by the target.
 *
 * They depend on REQUEST_URI only: section 6.3 omits SCRIPT_NAME and PATH_INFO, and if a server sends them, the client may
 * choose where one ends and the other begins.
 */
export function protectedPaths(requestUri: string, declaredMount: string): readonly string[] | undefined {
  const target = originForm(requestUri);
  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const plain = plainPath(rawPath);
  if (plain === undefined) return undefined;
  const mount = declaredMount === "/" ? "" : declaredMount;
  // Without encoding there is only one reading.
  if (mount === "" && !plain.includes("%")) return [plain];
  const resolved = normalizePath(rawPath);
  if (resolved === undefined) return undefined;
  const bySegments = decodeSegments(pathBelow(plain, mount) ?? plain);
  const byCharacters = textBelow(resolved, decodePath(mount)!) ?? resolved;
  return bySegments === byCharacters ? [bySegments] : [bySegments, byCharacters];
}

/**
 * Returns the additional paths that authorizers are matched with, for the document that the server found, DOCUMENT_URI; none
 * if it is absent. Undefined if nothing may be decided by it.
 */
export function documentPaths(params: Params, declaredMount: string): readonly string[] | undefined {
  const uri = params.get("DOCUMENT_URI") ?? "";
  if (uri === "") return [];
  if (!uri.startsWith("/") || uri.includes("\0")) return undefined;
  if (formOf(params, "DOCUMENT_URI") === "raw") return protectedPaths(uri, declaredMount);
  const resolved = resolveDecoded(uri);
  const mount = declaredMount === "/" ? "" : decodePath(declaredMount)!;
  return resolved === undefined ? undefined : [textBelow(resolved, mount) ?? resolved];
}

/** Whether SCRIPT_NAME is the whole of a plain path. */
function isScript(params: Params, plain: string): boolean {
  const script = params.get("SCRIPT_NAME");
  return script === (formOf(params, "SCRIPT_NAME") === "raw" ? plain : decodePath(plain));
}

/** A PATH_INFO that starts with a slash (RFC 3875, section 4.1.5), and its params. */
interface PathInfo {
  readonly params: Params;
  readonly pathInfo: string;
}

/**
 * Returns the end of a plain path, from one of its slashes, that equals PATH_INFO; undefined if there is none. Caddy and
 * HAProxy do not resolve the dot segments of PATH_INFO.
 *
 * They are compared only in the form that the server uses: decoded twice, it would be another path, whose beginning the client
 * chooses.
 */
function endMatching(plain: string, { params, pathInfo }: PathInfo): string | undefined {
  // Without percent signs, all forms are the same.
  const form = plain.includes("%") || pathInfo.includes("%") ? formOf(params, "PATH_INFO") : "decoded";
  const wanted = form === "raw" ? resolvePath(pathInfo) : resolveDecoded(pathInfo);
  const end = wanted === undefined ? undefined : endOfForm(plain, { wanted, form });
  // The mount must not be slashes only, which servers omit.
  return end !== undefined && /^(?:\/|%2f)+$/i.test(plain.slice(0, -end.length)) ? undefined : end;
}

function endOfForm(
  plain: string,
  { wanted, form }: { readonly wanted: string; readonly form: PathForm },
): string | undefined {
  const slashes = wanted.split("/").length - 1;
  const end = lastSegments(plain, slashes);
  if (form === "raw") return end === wanted ? end : undefined;
  if (end !== undefined && decodePath(end) === wanted) return end;
  if (!/%2f/i.test(plain)) return undefined;
  if (form === "decoded but for slashes" && end !== undefined) {
    if (sameButForSlashes(decodeSegments(end), wanted)) return end;
  }
  // Some of the server's slashes may be encoded ones, and it may have merged adjacent ones.
  const mark = [...plain.matchAll(/(?:\/|%2f)+/gi)].at(-slashes);
  const shorter = mark?.[0].startsWith("/") ? plain.slice(mark.index) : undefined;
  return shorter !== undefined && normalizePath(shorter) === wanted ? shorter : undefined;
}

/** Returns the last segments of a path with the slash before them; undefined if there are fewer. */
function lastSegments(path: string, count: number): string | undefined {
  let start = path.length;
  for (let segments = 0; segments < count; segments++) {
    if (start === 0) return undefined;
    start = path.lastIndexOf("/", start - 1);
  }
  return path.slice(start);
}

/** Compares ignoring the case of encoded slashes, which Apache keeps: "%2F" or "%2f". */
function sameButForSlashes(a: string, b: string): boolean {
  return a.replaceAll("%2f", "%2F") === b.replaceAll("%2f", "%2F");
}

/** Builds the target by RFC 3875 for a server that sends no REQUEST_URI: the path is SCRIPT_NAME and PATH_INFO. */
function fromScriptName(params: Params): string {
  const path = encodedPart(params, "SCRIPT_NAME") + encodedPart(params, "PATH_INFO");
  const target = path.startsWith("/") ? path : `/${path}`;
  const query = params.get("QUERY_STRING") ?? "";
  return query === "" ? target : `${target}?${query}`;
}

function encodedPart(params: Params, name: "SCRIPT_NAME" | "PATH_INFO"): string {
  const bytes = params.getBytes(name);
  if (bytes === undefined) return "";
  return formOf(params, name) === "raw" ? params.get(name)! : encodeBytes(bytes);
}

/** Percent-encodes a decoded path, with a leading slash. */
export function encodePath(path: string): string {
  const encoded = encodeURI(path).replace(/[?#]/g, encodeURIComponent);
  return encoded.startsWith("/") ? encoded : `/${encoded}`;
}

/** Removes the fragment, which is not part of a request (RFC 9112, section 3.2) but which some servers pass on. */
function withoutFragment(target: string, start: number): string {
  const hash = target.indexOf("#", start);
  return hash < 0 ? target.slice(start) : target.slice(start, hash);
}
