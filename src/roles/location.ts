import type { Params } from "../protocol/params.js";

/** Where a request points to, cut into the part that the Web server mounted us at and the part that routes look at. */
export interface RequestLocation {
  /** The request target in origin-form, raw as the client sent it where the Web server tells: path and query. */
  readonly target: string;
  /** The path below the mount, still percent-encoded; starts with "/". */
  readonly path: string;
  /** The prefix that the application is mounted at, "" or starting with "/"; never ends with "/". */
  readonly mount: string;
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
 * REQUEST_URI is raw and every server sends it, so it is what routes see. A PATH_INFO tells what of it lies below the
 * mount (RFC 3875, section 4.1.5), where the server cut the path at all: an empty one says nothing, because nginx sends it
 * together with a SCRIPT_NAME that is the whole path, or that of a front controller.
 */
export function locate(params: Params, { mount: declared, pathInfo }: LocationFacts): RequestLocation {
  const target = originForm(params.get("REQUEST_URI") ?? "") || fromScriptName(params);
  const raw = pathOf(target);
  if (declared === "/") return { target, path: raw, mount: "" };
  if (declared !== "") {
    const path = pathBelow(raw, declared);
    if (path !== undefined) return { target, path, mount: declared };
  }
  // RFC 3875, section 4.1.5: it starts with a slash.
  if (!pathInfo?.startsWith("/")) return { target, path: raw, mount: "" };
  const scriptName = params.get("SCRIPT_NAME") ?? "";
  const mount = withoutSlash(scriptName);
  const path = pathBelow(raw, mount);
  if (path !== undefined && decodePath(path) === pathInfo) return { target, path, mount };
  const end = rawEnd(raw, pathInfo);
  if (end !== undefined) return { target, path: end, mount: withoutSlash(raw.slice(0, -end.length)) };
  // The server rewrote or normalised the path and tells the new one here only; it is decoded.
  return { target, path: encodePath(pathInfo), mount };
}

/**
 * The path that an authorizer decides about, below the declared mount and normalised; undefined where nothing may be
 * decided by it. It follows from REQUEST_URI alone: section 6.3 leaves SCRIPT_NAME and PATH_INFO out, and where a server
 * sends them, the client chooses where the one ends and the other begins.
 */
export function protectedPath(requestUri: string, declaredMount: string): string | undefined {
  const path = normalizePath(rawPath(requestUri));
  return path === undefined ? undefined : (pathBelow(path, declaredMount) ?? path);
}

/** The path of a request target as it came, without its query. */
export function rawPath(target: string): string {
  return pathOf(originForm(target));
}

/**
 * The end of a raw path, from one of its slashes on, that decodes to this text; undefined where none does. So it is
 * where Caddy 2.6 strips a prefix: it tells no SCRIPT_NAME.
 */
function rawEnd(raw: string, text: string): string | undefined {
  if (!decodePath(raw)?.endsWith(text)) return undefined;
  let rawLength = 0;
  let length = 0;
  for (const segment of raw.split("/").reverse()) {
    rawLength += segment.length + 1;
    length += decodePath(segment)!.length + 1;
    if (length >= text.length) break;
  }
  return length === text.length ? raw.slice(-rawLength) : undefined;
}

/** RFC 3875 alone, for a server that does not send REQUEST_URI: both parts are decoded. */
function fromScriptName(params: Params): string {
  const path = encodePath((params.get("SCRIPT_NAME") ?? "") + (params.get("PATH_INFO") ?? ""));
  const query = params.get("QUERY_STRING") ?? "";
  return query === "" ? path : `${path}?${query}`;
}

/** Cuts scheme and authority off an absolute-form target (RFC 9112, section 3.2.2). */
function originForm(uri: string): string {
  if (uri === "" || uri.charCodeAt(0) === 0x2f) return uri;
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*(.*)$/s.exec(uri);
  if (match === null) return uri;
  const rest = match[1]!;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

/** A path without the slashes at its end. */
export function withoutSlash(path: string): string {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end -= 1;
  return path.slice(0, end);
}

/** The path below a mount, or undefined where it is not there. */
export function pathBelow(path: string, mount: string): string | undefined {
  if (!path.startsWith(mount)) return undefined;
  const rest = path.slice(mount.length);
  if (rest === "") return "/";
  return rest.charCodeAt(0) === 0x2f ? rest : undefined;
}

/** A decoded path, percent-encoded; it starts with a slash. */
export function encodePath(path: string): string {
  const encoded = encodeURI(path).replace(/[?#]/g, encodeURIComponent);
  return encoded.startsWith("/") ? encoded : `/${encoded}`;
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

/**
 * The path as a Web server resolves it to a file: decoded, without empty and dot segments. Undefined where it leaves
 * the root, is not decodable, or has a "#": some servers end the path there and some do not. Then nothing may be decided
 * by it.
 */
export function normalizePath(path: string): string | undefined {
  const decoded = path.includes("#") ? undefined : decodePath(path);
  if (decoded === undefined || decoded.includes("\0")) return undefined;
  const segments: string[] = [];
  for (const segment of decoded.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  const trailing = /\/\.{0,2}$/.test(decoded) && segments.length > 0 ? "/" : "";
  return `/${segments.join("/")}${trailing}`;
}
