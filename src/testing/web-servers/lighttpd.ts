import {
  authorityOf,
  below,
  CLIENT,
  decodeOnce,
  hostnameOf,
  joinedFields,
  partsOf,
  resolveSegments,
  SERVER_ADDRESS,
  valueOf,
  variableOf,
  type HttpField,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

const ROOT = "/srv/www";

/** lighttpd 1.4 with mod_fastcgi: at a prefix, or at the root with fix-root-scriptname. */
export const lighttpdResponder: Passing = (request, { mount }) => {
  const normal = normalTarget(request);
  if (normal === undefined) return { answers: 400 };
  const rest = below(normal.path, mount);
  if (rest === undefined) return { answers: 404 };
  const params = paramsOf(request, normal, [
    ["SCRIPT_NAME", mount],
    ...(rest === "" ? [] : [["PATH_INFO", rest] as const, ["PATH_TRANSLATED", `${ROOT}${rest}`] as const]),
    ["SCRIPT_FILENAME", mount === "" ? `${ROOT}/` : `${ROOT}${mount}`],
  ]);
  return { params: [["CONTENT_LENGTH", String(request.bodyLength)], ...params] };
};

/** lighttpd 1.4 with `"mode" => "authorizer"`. */
export const lighttpdAuthorizer: Passing = (request) => {
  const normal = normalTarget(request);
  if (normal === undefined) return { answers: 400 };
  return { params: paramsOf(request, normal, [["SCRIPT_FILENAME", `${ROOT}${normal.path}`]]) };
};

/** A target as lighttpd normalizes it. */
interface NormalTarget {
  readonly target: string;
  readonly query: string;
  /** Decoded. */
  readonly path: string;
}

/** By default lighttpd decodes encoded slashes and resolves dots above the root. Undefined if it answers 400. */
function normalTarget(request: HttpRequest): NormalTarget | undefined {
  const { authority, originForm, path, query } = partsOf(request.target);
  const host = valueOf(request, "host");
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    return undefined;
  if (/%(?:[01][0-9a-f]|7f)/i.test(originForm)) return undefined;
  const resolved = resolveSegments(normalEscapes(path).replaceAll("%2F", "/"), "stay");
  const normalQuery = normalEscapes(query);
  const target = originForm.includes("?") ? `${resolved}?${normalQuery}` : resolved;
  return { target, query: normalQuery, path: decodeOnce(resolved)! };
}

/** Escapes in capitals, unreserved characters without one, and a lone percent sign with one. */
function normalEscapes(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})?/gi, (_, hex: string | undefined) => {
    if (hex === undefined) return "%25";
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\w.~-]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}

function paramsOf(request: HttpRequest, normal: NormalTarget, script: readonly Param[]): Param[] {
  const { method, target, version, scheme, port } = request;
  const { originForm } = partsOf(target);
  return [
    ["QUERY_STRING", normal.query],
    ["REQUEST_URI", originForm],
    ...(normal.target === originForm ? [] : [["REDIRECT_URI", normal.target] as const]),
    ["REDIRECT_STATUS", "200"],
    ...script,
    ["DOCUMENT_ROOT", ROOT],
    ["REQUEST_METHOD", method],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["SERVER_SOFTWARE", "lighttpd/1.4.69"],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["REQUEST_SCHEME", scheme],
    ...(scheme === "https" ? [["HTTPS", "on"] as const] : []),
    ["SERVER_PORT", String(port)],
    ["SERVER_ADDR", SERVER_ADDRESS],
    ["SERVER_NAME", hostnameOf(authorityOf(request) ?? "").toLowerCase()],
    ["REMOTE_ADDR", CLIENT.address],
    ["REMOTE_PORT", CLIENT.port],
    ...headerParams(request),
  ];
}

/** Empty fields are dropped, and names that differ in `_` and `-` become one variable. */
function headerParams(request: HttpRequest): Param[] {
  const params: Param[] = [];
  for (const [given, value] of joinedFields(request.fields, { cookie: "; ", other: ", " })) {
    const name = given.toLowerCase();
    if (value === "" || name === "proxy" || name === "transfer-encoding") continue;
    params.push(paramOf(name, name === "host" ? authorityOf(request)!.toLowerCase() : value));
  }
  return params;
}

function paramOf(...[name, value]: HttpField): Param {
  return name === "content-type" ? ["CONTENT_TYPE", value] : [variableOf(name), value];
}
