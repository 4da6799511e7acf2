/** A request target whose path has a single meaning. */
export interface RequestPath {
  readonly kind: "path";
  /** REQUEST_URI: path and query as the client sent them, without the scheme and host of an absolute form. */
  readonly target: string;
  /** The decoded path. It starts with "/" and has no empty, "." or ".." segment; it may end with "/". */
  readonly path: string;
  /** The path as the client encoded it. */
  readonly rawPath: string;
  /** QUERY_STRING: the raw text after the first "?"; empty by default. */
  readonly query: string;
  /** The host and port of an absolute form, which replace the Host field (RFC 9112, section 3.2.2). */
  readonly authority: string | undefined;
}

/** A path that is not normalized: the client is redirected to the normalized one. */
export interface RedirectedPath {
  readonly kind: "redirected";
  /** The normalized path and the query. */
  readonly location: string;
}

/** A target that is refused with 400. */
export interface RefusedPath {
  readonly kind: "refused";
  readonly fact: string;
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/is;

/**
 * Parses a request target (RFC 9112, section 3.2) and decodes its path once.
 *
 * Only a path with a single meaning is served: protection, files and the application's router (which sees the raw REQUEST_URI)
 * must not disagree about it. "//", "/./" and "/../", also percent-encoded, lead to a redirect to the normalized path. Dot
 * segments and empty segments with parameters ("/..;/"), encoded slashes, backslashes, control characters, bytes that are not
 * UTF-8, and ".." above the root are refused.
 */
export function parseRequestPath(requestTarget: string): RequestPath | RedirectedPath | RefusedPath {
  let target = requestTarget;
  let authority: string | undefined;
  const absolute = ABSOLUTE_FORM.exec(target);
  if (absolute !== null) {
    authority = absolute[1]!;
    target = absolute[2]!.startsWith("/") ? absolute[2]! : `/${absolute[2]!}`;
  }
  if (!target.startsWith("/")) return refused("the target is not a path");
  // Section 3.2 of RFC 9112 allows visible ASCII only; "#" never travels, and browsers read "\" as "/".
  if (!/^[!-~]*$/.test(target) || /[#\\]/.test(target))
    return refused("the target has a character that is not allowed in a URI");

  const mark = target.indexOf("?");
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const plain = plainSegments(rawPath);
  if (plain.kind === "refused") return plain;
  const plainPath = `/${plain.raw.join("/")}`;
  if (plainPath !== rawPath) {
    return { kind: "redirected", location: mark < 0 ? plainPath : `${plainPath}?${query}` };
  }
  return { kind: "path", target, path: `/${plain.decoded.join("/")}`, rawPath, query, authority };
}

interface PlainSegments {
  readonly kind: "plain";
  readonly raw: readonly string[];
  readonly decoded: readonly string[];
}

function plainSegments(rawPath: string): PlainSegments | RefusedPath {
  const raw: string[] = [];
  const decoded: string[] = [];
  let endsWithSlash = false;
  for (const segment of rawPath.slice(1).split("/")) {
    const text = decodeSegment(segment);
    if (text === undefined) return refused("the path is not percent-encoded UTF-8");
    if (/[\u0000-\u001f\u007f/\\]/.test(text))
      return refused("the path has an encoded slash or control character");
    if (/^\.{1,2};/.test(text)) return refused("a dot segment of the path has parameters");
    if (decoded.at(-1)?.startsWith(";") === true)
      return refused("an empty segment of the path has parameters");
    endsWithSlash = text === "" || text === "." || text === "..";
    if (text === "..") {
      if (raw.pop() === undefined) return refused("the path leaves the root");
      decoded.pop();
    } else if (!endsWithSlash) {
      raw.push(segment);
      decoded.push(text);
    }
  }
  if (endsWithSlash) {
    raw.push("");
    decoded.push("");
  }
  return { kind: "plain", raw, decoded };
}

function decodeSegment(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function refused(fact: string): RefusedPath {
  return { kind: "refused", fact };
}
