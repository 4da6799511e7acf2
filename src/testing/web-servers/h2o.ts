import {
  authorityOf,
  below,
  CLIENT,
  isChunked,
  partsOf,
  SERVER_ADDRESS,
  valueOf,
  variableOf,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

/** H2O 2.2 with `fastcgi.connect`: PATH_INFO is the whole path, also below a prefix. */
export const h2o: Passing = (request, { mount }) => {
  const { target, method, version, scheme, port, bodyLength } = request;
  // H2O takes an absolute-form for a path.
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const normal = normalPath(path);
  if (mount !== "" && below(normal, mount) === undefined) return { answers: 404 };
  const hasBody = isChunked(request) || valueOf(request, "content-length") !== undefined;
  const params: Param[] = [
    ...(hasBody ? [["CONTENT_LENGTH", String(bodyLength)] as const] : []),
    ["SCRIPT_NAME", ""],
    ["PATH_INFO", normal],
    ["QUERY_STRING", query],
    ["REMOTE_ADDR", CLIENT.address],
    ["REMOTE_PORT", CLIENT.port],
    ["REQUEST_METHOD", method],
    ["HTTP_HOST", hostOf(request)],
    ["REQUEST_URI", target],
    ["SERVER_ADDR", SERVER_ADDRESS],
    ["SERVER_PORT", String(port)],
    ["SERVER_NAME", "default"],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["SERVER_SOFTWARE", "h2o/2.2.5"],
    ...(scheme === "https" ? [["HTTPS", "on"] as const] : []),
    ...headerParams(request),
  ];
  return { params };
};

function hostOf(request: HttpRequest): string {
  const host = valueOf(request, "host");
  return host ?? (partsOf(request.target).authority === undefined ? "default" : authorityOf(request)!);
}

/** Decoded once, broken escapes as they are; dot segments are resolved, at most up to the root, and empty ones stay. */
function normalPath(path: string): string {
  const decoded = path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const kept: string[] = [];
  const segments = (decoded.startsWith("/") ? decoded.slice(1) : decoded).split("/");
  for (const [at, segment] of segments.entries()) {
    const isDots = segment === "." || segment === "..";
    if (segment === "..") kept.pop();
    if (!isDots) kept.push(segment);
    else if (at === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** Repeated fields become repeated params, but cookies are joined. */
function headerParams({ fields }: HttpRequest): Param[] {
  const params: Param[] = [];
  let cookie: number | undefined;
  for (const [given, value] of fields) {
    const name = given.toLowerCase();
    if (name === "host" || name === "content-length" || name === "transfer-encoding") continue;
    if (name === "cookie" && cookie !== undefined) {
      params[cookie] = ["HTTP_COOKIE", `${params[cookie]![1]};${value}`];
      continue;
    }
    if (name === "cookie") cookie = params.length;
    params.push([name === "content-type" ? "CONTENT_TYPE" : variableOf(name), value]);
  }
  return params;
}
