import {
  authorityOf,
  basicCredentials,
  below,
  CLIENT,
  decodeOnce,
  hostnameOf,
  isChunked,
  partsOf,
  resolveSegments,
  SERVER_ADDRESS,
  valueOf,
  variableOf,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

/** nginx 1.22 with Debian's fastcgi_params; with a mount also PATH_INFO, by fastcgi_split_path_info. */
export const nginxResponder: Passing = (request, { mount }) => {
  const uri = uriOf(request.target);
  if (uri === undefined) return { answers: 400 };
  if (mount !== "" && below(uri, mount) === undefined) return { answers: 404 };
  // The dot of the usual pattern, ^(/app)(/.*)$, matches no line break.
  const rest = mount === "" || uri.includes("\n") ? "" : below(uri, mount)!;
  const query = partsOf(request.target).query;
  const params = [
    ...stockParams(request, {
      query,
      scriptName: uri.slice(0, uri.length - rest.length),
      documentUri: uri,
      contentLength: isChunked(request)
        ? String(request.bodyLength)
        : (valueOf(request, "content-length") ?? ""),
    }),
    ...(mount === "" ? [] : [["PATH_INFO", rest] as const]),
    ...headerParams(request),
  ];
  return { params };
};

/** The subrequest of auth_request in nginx 1.22, marked for the bridge to the authorizers. */
export const nginxAuthRequest: Passing = (request) => {
  if (uriOf(request.target) === undefined) return { answers: 400 };
  const params: Param[] = [
    ...stockParams(request, {
      query: "",
      scriptName: "/gate",
      documentUri: "/gate",
      contentLength: valueOf(request, "content-length") ?? "",
    }),
    // The question has no body: fastcgi_pass_request_body is off.
    ["CONTENT_LENGTH", ""],
    ...headerParams(request),
    ["TRICORN_BRIDGE", "auth_request"],
  ];
  return { params };
};

/** `$uri`: decoded, without empty and dot segments. Undefined if nginx answers 400. */
function uriOf(target: string): string | undefined {
  const decoded = decodeOnce(partsOf(target).path);
  return decoded === undefined || decoded.includes("\0") ? undefined : resolveSegments(decoded);
}

interface Addressed {
  readonly query: string;
  readonly scriptName: string;
  readonly documentUri: string;
  readonly contentLength: string;
}

function stockParams(
  request: HttpRequest,
  { query, scriptName, documentUri, contentLength }: Addressed,
): Param[] {
  const { method, target, version, scheme, port } = request;
  return [
    ["QUERY_STRING", query],
    ["REQUEST_METHOD", method],
    ["CONTENT_TYPE", valueOf(request, "content-type") ?? ""],
    ["CONTENT_LENGTH", contentLength],
    ["SCRIPT_NAME", scriptName],
    ["REQUEST_URI", partsOf(target).originForm],
    ["DOCUMENT_URI", documentUri],
    ["DOCUMENT_ROOT", "/srv/html"],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["REQUEST_SCHEME", scheme],
    ...(scheme === "https" ? [["HTTPS", "on"] as const] : []),
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", "nginx/1.22.1"],
    ["REMOTE_ADDR", CLIENT.address],
    ["REMOTE_PORT", CLIENT.port],
    // Unchecked: nginx takes it from the client.
    ["REMOTE_USER", basicCredentials(request)?.user ?? ""],
    ["SERVER_ADDR", SERVER_ADDRESS],
    ["SERVER_PORT", String(port)],
    ["SERVER_NAME", ""],
    ["REDIRECT_STATUS", "200"],
    ["HTTP_HOST", hostnameOf(authorityOf(request) ?? "").toLowerCase()],
  ];
}

/** nginx passes every field on but those with an unusual name, and repeated ones as repeated params. */
function headerParams({ fields }: HttpRequest): Param[] {
  return fields
    .filter(([name]) => /^[a-z0-9-]+$/i.test(name) && name.toLowerCase() !== "host")
    .map(([name, value]) => [variableOf(name), value]);
}
