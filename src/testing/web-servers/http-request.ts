/** A header field as a client sends it. */
export type HttpField = readonly [name: string, value: string];

/** A request as a client sends it to a Web server. All text is Latin-1: a character is a byte. */
export interface HttpRequest {
  readonly method: string;
  /** The target in origin-form or absolute-form. */
  readonly target: string;
  /** `1.1` or `1.0`. */
  readonly version: string;
  /** All header fields, in order. */
  readonly fields: readonly HttpField[];
  /** Bytes of the body. */
  readonly bodyLength: number;
  readonly scheme: "http" | "https";
  /** The port that the Web server listens on. */
  readonly port: number;
}

/** A name and a value of FCGI_PARAMS in Latin-1. */
export type Param = readonly [name: string, value: string];

/** What a Web server makes of a request: the params of the application's request, or a status of its own. */
export type Passed = { readonly params: readonly Param[] } | { readonly answers: number };

/** How a Web server is configured. */
export interface SetUp {
  /** The prefix that it serves the application at; "" for the root. */
  readonly mount: string;
  /** Whether it passes Authorization on, for servers that do not by default. */
  readonly passesAuthorization: boolean;
}

/** How a Web server passes requests on in one role. */
export type Passing = (request: HttpRequest, setUp: SetUp) => Passed;

/** A request target in its parts. */
export interface TargetParts {
  /** The authority of an absolute-form. */
  readonly authority: string | undefined;
  /** Without scheme and authority. */
  readonly originForm: string;
  readonly path: string;
  readonly query: string;
}

/** Cuts a target into its parts. */
export function partsOf(target: string): TargetParts {
  const [, authority, rest = target] = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)(.*)$/is.exec(target) ?? [];
  const originForm = rest.startsWith("/") ? rest : `/${rest}`;
  const mark = originForm.indexOf("?");
  return {
    authority,
    originForm,
    path: mark < 0 ? originForm : originForm.slice(0, mark),
    query: mark < 0 ? "" : originForm.slice(mark + 1),
  };
}

/** The first value of a field; undefined without one. */
export function valueOf({ fields }: HttpRequest, name: string): string | undefined {
  return fields.find(([given]) => given.toLowerCase() === name)?.[1];
}

/** The authority that the client asks for: that of an absolute-form, else Host. */
export function authorityOf(request: HttpRequest): string | undefined {
  return partsOf(request.target).authority ?? valueOf(request, "host");
}

/** An authority without its port. */
export function hostnameOf(authority: string): string {
  return authority.replace(/:\d*$/, "");
}

/** The port of an authority; undefined if it names none. */
export function portOf(authority: string): string | undefined {
  return /:(\d+)$/.exec(authority)?.[1];
}

/** The name and password of Basic credentials; undefined without them. */
export function basicCredentials(
  request: HttpRequest,
): { readonly user: string; readonly password: string } | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(valueOf(request, "authorization") ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const [, user = "", password = ""] =
    /^([^:]*):?(.*)$/s.exec(Buffer.from(encoded, "base64").toString("latin1")) ?? [];
  return { user, password };
}

/** The variable of a header field (RFC 3875, section 4.1.18). */
export function variableOf(name: string): string {
  return `HTTP_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** Whether the body comes in chunks. */
export function isChunked(request: HttpRequest): boolean {
  return valueOf(request, "transfer-encoding") !== undefined;
}

/** The fields with repeated ones joined, where the first stood. */
export function joinedFields(fields: readonly HttpField[], separators: Joining = joining): HttpField[] {
  const joined = new Map<string, HttpField>();
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    const earlier = joined.get(key);
    joined.set(key, [
      name,
      earlier ? `${earlier[1]}${key === "cookie" ? separators.cookie : separators.other}${value}` : value,
    ]);
  }
  return [...joined.values()];
}

interface Joining {
  readonly cookie: string;
  readonly other: string;
}

const joining: Joining = { cookie: ", ", other: ", " };

/** Percent-decodes once. Undefined if an escape is broken. */
export function decodeOnce(text: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  return text.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Resolves dot segments and empty ones. Undefined if the path leaves the root, unless segments above the root are to lead to it. */
export function resolveSegments(path: string, aboveRoot: "stay"): string;
export function resolveSegments(path: string): string | undefined;
export function resolveSegments(path: string, aboveRoot?: "stay"): string | undefined {
  const kept: string[] = [];
  let last = "";
  for (last of path.split("/")) {
    if (last === "..") {
      if (kept.pop() === undefined && aboveRoot !== "stay") return undefined;
    } else if (last !== "" && last !== ".") {
      kept.push(last);
    }
  }
  const endsWithName = last !== "" && last !== "." && last !== "..";
  return `/${kept.join("/")}${endsWithName || kept.length === 0 ? "" : "/"}`;
}

/** The part of a path below a mount, "" for the mount itself; undefined if it is not below. */
export function below(path: string, mount: string): string | undefined {
  if (path === mount) return "";
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : undefined;
}

/** What every set-up says about the client and the Web server's own address. */
export const CLIENT = { address: "127.0.0.1", port: "50000" };
export const SERVER_ADDRESS = "127.0.0.1";
