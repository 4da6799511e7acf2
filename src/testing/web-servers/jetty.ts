import {
  authorityOf,
  CLIENT,
  decodeOnce,
  hostnameOf,
  partsOf,
  resolveSegments,
  SERVER_ADDRESS,
  valueOf,
  variableOf,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

const ROOT = "/srv";

/** Jetty 9.4 with FastCGIProxyServlet; with a mount also `scriptPattern`. The order of its fields is not kept. */
export const jetty: Passing = (request, { mount }) => {
  const { originForm, path, query } = partsOf(request.target);
  const resolved = resolveSegments(path);
  if (resolved === undefined || decodeOnce(path) === undefined) return { answers: 400 };
  if (decodeOnce(query) === undefined) return { answers: 500 };
  const isSplit = mount !== "" && resolved.startsWith(`${mount}/`);
  const script = isSplit ? mount : resolved;
  const { method, scheme, port } = request;
  const authorization = valueOf(request, "authorization");
  const params: Param[] = [
    ["DOCUMENT_URI", resolved],
    ["QUERY_STRING", query],
    // The whole field, not its scheme.
    ...(authorization === undefined ? [] : [["AUTH_TYPE", authorization] as const]),
    ["CONTENT_LENGTH", valueOf(request, "content-length") ?? ""],
    ["CONTENT_TYPE", valueOf(request, "content-type") ?? ""],
    ["REQUEST_METHOD", method],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", "Jetty/9.4.57.v20241219"],
    ...headerParams(request),
    ["DOCUMENT_ROOT", ROOT],
    ["REMOTE_ADDR", CLIENT.address],
    ["REMOTE_PORT", CLIENT.port],
    ["SERVER_NAME", hostnameOf(authorityOf(request) ?? SERVER_ADDRESS)],
    ["SERVER_ADDR", SERVER_ADDRESS],
    ["SERVER_PORT", String(port)],
    ...(scheme === "https" ? [["HTTPS", "on"] as const] : []),
    ["REQUEST_URI", `${resolved}${originForm.includes("?") ? `?${query}` : ""}`],
    ...(isSplit ? [["PATH_INFO", resolved.slice(mount.length)] as const] : []),
    ["SCRIPT_NAME", script],
    ["SCRIPT_FILENAME", `${ROOT}${script}`],
  ];
  return { params: params.map(([name, value]) => [name, recoded(value)]) };

  /** Jetty reads bytes as Latin-1 and writes UTF-8. */
  function recoded(value: string): string {
    return Buffer.from(value, "utf8").toString("latin1");
  }
};

const NOT_PASSED: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "proxy",
  "transfer-encoding",
]);

/** Of a repeated field the last is passed on. A client's X-Forwarded fields are replaced, and names with `_` come last. */
function headerParams(request: HttpRequest): Param[] {
  const passed = new Map<string, string>();
  for (const [given, value] of request.fields) {
    const name = given.toLowerCase();
    if (!NOT_PASSED.has(name)) passed.set(name, value);
  }
  const host = authorityOf(request) ?? `${SERVER_ADDRESS}:${request.port}`;
  const added: readonly Param[] = [
    ["via", `${request.version} jetty`],
    ["x-forwarded-for", CLIENT.address],
    ["x-forwarded-proto", request.scheme],
    ["x-forwarded-host", host],
    ["x-forwarded-server", SERVER_ADDRESS],
    ["host", host],
  ];
  for (const [name, value] of added) passed.set(name, value);
  const cookies = request.fields.filter(([name]) => name.toLowerCase() === "cookie");
  if (cookies.length > 0) passed.set("cookie", cookies.map(([, value]) => value).join("; "));
  return [...passed]
    .sort(([a], [b]) => Number(a.includes("_")) - Number(b.includes("_")))
    .map(([name, value]) => [variableOf(name), value]);
}
