import {
  authorityOf,
  basicCredentials,
  below,
  CLIENT,
  decodeOnce,
  partsOf,
  SERVER_ADDRESS,
  valueOf,
  variableOf,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

const ROOT = "/srv";

/** HAProxy 2.6 with `docroot /srv`; with a mount also `path-info`. */
export const haproxy: Passing = (request, { mount, passesAuthorization }) => {
  const { authority, path, query } = partsOf(request.target);
  const host = valueOf(request, "host");
  if (authority !== undefined && host !== undefined && authority !== host) return { answers: 400 };
  const decoded = decodeOnce(path);
  if (decoded === undefined) return { answers: 500 };
  // path-info matches no line break.
  if (mount !== "" && decoded.includes("\n")) return { answers: 500 };
  const found = mount === "" ? undefined : below(decoded, mount);
  const [script, rest] = found === undefined ? [decoded, ""] : [mount, found];
  const headers = headerParams(request, passesAuthorization);
  const { method, target, version, scheme, port, bodyLength } = request;
  const params: Param[] = [
    ...headers,
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["DOCUMENT_ROOT", ROOT],
    ["SCRIPT_NAME", script],
    ...(rest === "" ? [] : [["PATH_INFO", rest] as const]),
    ["REQUEST_URI", target],
    ["REQUEST_METHOD", method],
    // HAProxy leaves empty params out.
    ...(query === "" ? [] : [["QUERY_STRING", query] as const]),
    ["SERVER_NAME", authorityOf(request) ?? SERVER_ADDRESS],
    ["SERVER_PORT", String(port)],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["REMOTE_ADDR", CLIENT.address],
    ["REMOTE_PORT", CLIENT.port],
    ["SCRIPT_FILENAME", `${ROOT}${script}`],
    ...(rest === "" ? [] : [["PATH_TRANSLATED", `${ROOT}${rest}`] as const]),
    ...(headers.some(([name]) => name === "CONTENT_LENGTH")
      ? []
      : [["CONTENT_LENGTH", String(bodyLength)] as const]),
    ["SERVER_SOFTWARE", "HAProxy 2.6.12-1+deb12u4"],
    ...(scheme === "https" ? [["HTTPS", "on"] as const] : []),
  ];
  return { params };
};

/** Repeated fields become repeated params; AUTH_TYPE and REMOTE_USER come unchecked from the client. */
function headerParams(request: HttpRequest, passesAuthorization: boolean): Param[] {
  const params: Param[] = [];
  for (const [given, value] of request.fields) {
    const name = given.toLowerCase();
    if (!/^[a-z0-9-]+$/.test(name) || name === "proxy" || name === "transfer-encoding") continue;
    if (name === "content-type" || name === "content-length") {
      params.push([name.toUpperCase().replace("-", "_"), value]);
    } else if (name === "authorization") {
      if (passesAuthorization) params.push([variableOf(name), value]);
      params.push(["AUTH_TYPE", value.split(" ", 1)[0]!]);
      const user = basicCredentials(request)?.user;
      if (user !== undefined) params.push(["REMOTE_USER", user]);
    } else {
      params.push([variableOf(name), value]);
    }
  }
  return params;
}
