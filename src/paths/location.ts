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

/** Where a request points to, cut into the part that the Web server mounted us at and the part that routes look at. */
export interface RequestLocation {
  /** The request target in origin-form: the plain path and the raw query. */
  readonly target: string;
  /** The plain path below the mount, still percent-encoded; starts with "/". */
  readonly path: string;
  /** The prefix that the application is mounted at, "" or starting with "/"; never ends with "/". */
  readonly mount: string;
  /** The query of REQUEST_URI as it came, without its question mark. */
  readonly query: string;
  /**
   * Whether the path is one of the application's: "outside" the declared mount none is. A path that cannot be understood
   * in one way is "unclear": it is as it came, and nothing is decided by it.
   */
  readonly lies: "below" | "outside" | "unclear";
}

/** What a request is located with beside REQUEST_URI. */
export interface LocationFacts {
  /** The declared mount: "/app", "/" for the root whatever PATH_INFO says, "" for none. */
  readonly mount: string;
  /** PATH_INFO where it may be believed. */
  readonly pathInfo: string | undefined;
}

/**
 * Finds the path that routes are matched with.
 *
 * It is of REQUEST_URI, which every server sends as the client wrote it: so it is the same behind each of them, and the
 * same for an authorizer and for the responder behind it. What a server makes of it is told in SCRIPT_NAME and PATH_INFO,
 * by each in its own way.
 *
 * A PATH_INFO tells what of the path lies below the mount (RFC 3875, section 4.1.5), and no more: one that is no end of
 * the path tells nothing. Nor does an empty one, which nginx sends together with a SCRIPT_NAME that is the whole path, or
 * that of a front controller.
 */
export function locate(params: Params, { mount: declared, pathInfo }: LocationFacts): RequestLocation {
  const asked = targetOf(params) || fromScriptName(params);
  const mark = asked.indexOf("?");
  const rawPath = mark < 0 ? asked : asked.slice(0, mark);
  const query = mark < 0 ? "" : withoutFragment(asked, mark + 1);
  const plain = plainPath(rawPath);
  if (plain === undefined) {
    // Never "//host": a client that is sent to its own target must not be sent to another host.
    const path = rawPath.replace(/^[/\\]*/, "/");
    return { target: mark < 0 ? path : `${path}?${query}`, path, mount: "", query, lies: "unclear" };
  }
  const target = mark < 0 ? plain : `${plain}?${query}`;
  if (declared === "") {
    const path = pathInfo?.startsWith("/") ? endThatReads(plain, { params, pathInfo }) : undefined;
    if (path === undefined && pathInfo === "/" && isScript(params, plain)) {
      // The mount itself: a server that was told to may add the slash that the client left out.
      return { target, path: "/", mount: plain, query, lies: "below" };
    }
    const mount = path === undefined ? "" : plain.slice(0, plain.length - path.length);
    return { target, path: path ?? plain, mount, query, lies: "below" };
  }
  if (declared === "/") return { target, path: plain, mount: "", query, lies: "below" };
  const path = pathBelow(plain, declared);
  return path === undefined
    ? { target, path: plain, mount: "", query, lies: "outside" }
    : { target, path, mount: declared, query, lies: "below" };
}

/**
 * The paths that an authorizer decides about: decoded, below the declared mount, one for each way in which a Web server or
 * an application understands the target. There are two where a slash is encoded: nginx and lighttpd take it for a slash,
 * Apache and routes do not. Undefined where nothing may be decided by the target.
 *
 * They follow from REQUEST_URI alone: section 6.3 leaves SCRIPT_NAME and PATH_INFO out, and where a server sends them, the
 * client may choose where the one ends and the other begins.
 */
export function protectedPaths(requestUri: string, declaredMount: string): readonly string[] | undefined {
  const asked = originForm(requestUri);
  const mark = asked.indexOf("?");
  const rawPath = mark < 0 ? asked : asked.slice(0, mark);
  const plain = plainPath(rawPath);
  if (plain === undefined) return undefined;
  const mount = declaredMount === "/" ? "" : declaredMount;
  // Nothing is encoded, so there is one way to understand it.
  if (mount === "" && !plain.includes("%")) return [plain];
  const resolved = normalizePath(rawPath);
  if (resolved === undefined) return undefined;
  const bySegments = decodeSegments(pathBelow(plain, mount) ?? plain);
  const byCharacters = textBelow(resolved, decodePath(mount)!) ?? resolved;
  return bySegments === byCharacters ? [bySegments] : [bySegments, byCharacters];
}

/**
 * The paths that an authorizer decides about beside those, for a document that the server found, DOCUMENT_URI; none where it
 * does not tell. Undefined where nothing may be decided by it.
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

/** A PATH_INFO that starts with a slash (RFC 3875, section 4.1.5), and the params that it came in. */
interface ToldEnd {
  readonly params: Params;
  readonly pathInfo: string;
}

/**
 * The end of a plain path, from one of its slashes on, that a Web server tells by this PATH_INFO; undefined where it tells
 * none. Caddy and HAProxy do not resolve its dots.
 *
 * It is compared in the form that the server writes it in, and in no other: one that is decoded already and is decoded again
 * would be another path, whose begin a client chooses.
 */
function endThatReads(plain: string, { params, pathInfo }: ToldEnd): string | undefined {
  // Where nothing is encoded in either, all forms are the same.
  const form = plain.includes("%") || pathInfo.includes("%") ? formOf(params, "PATH_INFO") : "decoded";
  const wanted = form === "raw" ? resolvePath(pathInfo) : resolveDecoded(pathInfo);
  const end = wanted === undefined ? undefined : endOfForm(plain, { wanted, form });
  // In front of it there is more than slashes, which servers leave out.
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
  // Some of the slashes that the server tells are encoded ones, and it may have merged those that follow each other.
  const mark = [...plain.matchAll(/(?:\/|%2f)+/gi)].at(-slashes);
  const shorter = mark?.[0].startsWith("/") ? plain.slice(mark.index) : undefined;
  return shorter !== undefined && normalizePath(shorter) === wanted ? shorter : undefined;
}

/** As many of the last segments of a path, with the slash in front; undefined where there are fewer. */
function lastSegments(path: string, count: number): string | undefined {
  let start = path.length;
  for (let segments = 0; segments < count; segments++) {
    if (start === 0) return undefined;
    start = path.lastIndexOf("/", start - 1);
  }
  return path.slice(start);
}

/** Apache leaves an encoded slash as the client wrote it: "%2F" or "%2f". */
function sameButForSlashes(one: string, other: string): boolean {
  return one.replaceAll("%2f", "%2F") === other.replaceAll("%2f", "%2F");
}

/** RFC 3875 alone, for a server that does not send REQUEST_URI: of its path both parts tell one. */
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

/** A decoded path, percent-encoded; it starts with a slash. */
export function encodePath(path: string): string {
  const encoded = encodeURI(path).replace(/[?#]/g, encodeURIComponent);
  return encoded.startsWith("/") ? encoded : `/${encoded}`;
}

/** A fragment is no part of a request, but some servers hand it on (RFC 9112, section 3.2). */
function withoutFragment(target: string, start: number): string {
  const hash = target.indexOf("#", start);
  return hash < 0 ? target.slice(start) : target.slice(start, hash);
}
