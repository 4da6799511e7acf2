import {
  authorityOf,
  below,
  CLIENT,
  decodeOnce,
  hostnameOf,
  isChunked,
  joinedFields,
  partsOf,
  portOf,
  resolveSegments,
  valueOf,
  variableOf,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

const ROOT = "/srv";

/** The methods that Caddy sends without a media type if the client sent none. */
const WITHOUT_TYPE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Caddy 2.6 with `transport fastcgi`; with a mount also `split`. Its params have no fixed order; here they are sorted. */
export const caddy: Passing = (request, { mount }) => {
  const { path, query, originForm } = partsOf(request.target);
  const decoded = decodeOnce(path);
  if (decoded === undefined) return { answers: 400 };
  if (mount !== "" && below(resolveSegments(decoded, "stay"), mount) === undefined) return { answers: 404 };
  const split = mount === "" ? 0 : decoded.toLowerCase().indexOf(mount.toLowerCase()) + mount.length;
  const [script, rest] = [decoded.slice(0, split), decoded.slice(split)];
  const authority = authorityOf(request) ?? "";
  const { method, scheme, version } = request;
  const params: Param[] = [
    ["AUTH_TYPE", ""],
    ["CONTENT_LENGTH", isChunked(request) ? "-1" : String(request.bodyLength)],
    [
      "CONTENT_TYPE",
      valueOf(request, "content-type") ??
        (WITHOUT_TYPE.has(method) ? "" : "application/x-www-form-urlencoded"),
    ],
    ["DOCUMENT_ROOT", ROOT],
    ["DOCUMENT_URI", script],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ...headerParams(request),
    ["PATH_INFO", rest],
    ...(rest === "" ? [] : [["PATH_TRANSLATED", joined(rest)] as const]),
    ["QUERY_STRING", query],
    ["REMOTE_ADDR", CLIENT.address],
    ["REMOTE_HOST", CLIENT.address],
    ["REMOTE_IDENT", ""],
    ["REMOTE_PORT", CLIENT.port],
    ["REMOTE_USER", ""],
    ["REQUEST_METHOD", method],
    ["REQUEST_SCHEME", scheme],
    ["REQUEST_URI", originForm],
    ["SCRIPT_FILENAME", joined(script)],
    ["SCRIPT_NAME", script],
    ["SERVER_NAME", hostnameOf(authority)],
    ["SERVER_PORT", portOf(authority) ?? (scheme === "https" ? "443" : "80")],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["SERVER_SOFTWARE", "Caddy/2.6.2"],
    ...(scheme === "https" ? TLS : []),
  ];
  return { params: params.sort(([a], [b]) => (a < b ? -1 : 1)) };
};

const TLS: readonly Param[] = [
  ["HTTPS", "on"],
  ["SSL_CIPHER", "TLS_AES_128_GCM_SHA256"],
  ["SSL_PROTOCOL", "TLSv1.3"],
];

/** The file of a path below the root, which it cannot leave. */
function joined(path: string): string {
  const resolved = resolveSegments(path, "stay");
  return resolved === "/" ? ROOT : `${ROOT}${resolved}`;
}

/** A client's X-Forwarded fields are replaced. Of two names that differ in `_` and `-` one is passed on at random, here the last. */
function headerParams(request: HttpRequest): Param[] {
  const params = new Map<string, string>();
  const authority = authorityOf(request) ?? "";
  // Names with `_` last: a test should see the worse one.
  const fields = joinedFields(request.fields).sort(
    ([a], [b]) => Number(a.includes("_")) - Number(b.includes("_")),
  );
  for (const [name, value] of fields) {
    if (name.toLowerCase() !== "transfer-encoding") params.set(variableOf(name), value);
  }
  params.set("HTTP_HOST", authority);
  params.set("HTTP_X_FORWARDED_FOR", CLIENT.address);
  params.set("HTTP_X_FORWARDED_HOST", authority);
  params.set("HTTP_X_FORWARDED_PROTO", request.scheme);
  return [...params];
}
