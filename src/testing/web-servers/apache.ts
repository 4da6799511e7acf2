import {
  authorityOf,
  basicCredentials,
  below,
  CLIENT,
  decodeOnce,
  hostnameOf,
  isChunked,
  joinedFields,
  partsOf,
  portOf,
  resolveSegments,
  SERVER_ADDRESS,
  valueOf,
  variableOf,
  type HttpRequest,
  type Param,
  type Passing,
} from "./http-request.js";

const ROOT = "/srv/www";
const PROGRAM = "/srv/programs/app";

/** Apache 2.4 with ProxyPass: SCRIPT_NAME is the whole path. */
export const apacheProxyPass: Passing = (request, { mount, passesAuthorization }) => {
  const uri = uriOf(request.target);
  if (typeof uri === "number") return { answers: uri };
  const rest = below(uri, mount);
  if (rest === undefined) return { answers: 404 };
  const params = [
    ...commonParams(request, {
      passesAuthorization,
      countsBody: true,
      first: tlsParams(request),
      scriptFilename: `proxy:fcgi://127.0.0.1:9000${proxiedPath(rest === "" ? "/" : rest, mount)}`,
    }),
    ["SCRIPT_NAME", uri] as const,
  ];
  return { params };
};

/** Apache 2.4 with SetHandler: the file of the first segment does not exist, and what follows is PATH_INFO. */
export const apacheSetHandler: Passing = (request, { passesAuthorization }) => {
  const uri = uriOf(request.target);
  if (typeof uri === "number") return { answers: uri };
  const [, script = uri, rest = ""] = /^(\/[^/]*)(.*)$/s.exec(uri) ?? [];
  const common = commonParams(request, {
    passesAuthorization,
    countsBody: true,
    scriptFilename: `proxy:fcgi://application/${ROOT}${script}`,
    first: [...tlsParams(request), ["proxy-nokeepalive", "1"]],
  });
  return { params: [...common, ...scriptParams(script, rest)] };
};

/** Apache 2.4 with mod_fcgid, which starts the program, and ScriptAlias. */
export const apacheFcgid: Passing = (request, { mount, passesAuthorization }) => {
  const uri = uriOf(request.target);
  if (typeof uri === "number") return { answers: uri };
  const rest = below(uri, mount);
  if (rest === undefined) return { answers: 404 };
  const hasLength = valueOf(request, "content-length") !== undefined;
  const params: Param[] = [
    ...commonParams(request, {
      first: tlsParams(request),
      scriptFilename: PROGRAM,
      contextPrefix: mount,
      contextRoot: PROGRAM,
      software: FCGID,
    }),
    ...scriptParams(mount, rest),
    ...(passesAuthorization ? fcgidAuthorization(request) : []),
    ["HTTP_CONNECTION", "close"],
    ...(hasLength ? [] : [["CONTENT_LENGTH", String(request.bodyLength)] as const]),
  ];
  return { params };
};

/** Apache 2.4 with mod_authnz_fcgi as AuthBasicProvider: Apache asks for the password, the authorizer checks it. */
export const apacheAuthnzBasic: Passing = (request) => withPassword(request, AUTHENTICATOR);

/** Apache 2.4 with mod_authnz_fcgi as Require: an authorizer that authenticates too. */
export const apacheAuthnzRequire: Passing = (request) => withPassword(request, [AUTHORIZER]);

/** Apache 2.4 with mod_authnz_fcgi as AuthnzFcgiCheckAuthnProvider, without Basic credentials of its own. */
export const apacheAuthnzCheck: Passing = (request) =>
  authorizerParams(request, { passesAuthorization: true, markers: AUTHENTICATOR });

/** Apache 2.4 with mod_fcgid's FcgidAccessChecker. */
export const apacheFcgidAccess: Passing = (request, { passesAuthorization }) =>
  authorizerParams(request, {
    software: FCGID,
    isAccessChecker: true,
    markers: [
      ...(passesAuthorization ? fcgidAuthorization(request) : []),
      ["FCGI_APACHE_ROLE", "ACCESS_CHECKER"],
    ],
  });

const SOFTWARE = "Apache/2.4.71 (Debian) OpenSSL/3.0.19";
const FCGID = `${SOFTWARE} mod_fcgid/2.3.9`;
const AUTHORIZER: Param = ["FCGI_ROLE", "AUTHORIZER"];
const AUTHENTICATOR: readonly Param[] = [AUTHORIZER, ["FCGI_APACHE_ROLE", "AUTHENTICATOR"]];

/** `r->uri`: decoded but for slashes, without empty and dot segments; or the status of Apache's answer. */
function uriOf(target: string): string | number {
  const { path } = partsOf(target);
  if (/%00/.test(path)) return 404;
  const decoded = path.split(/%2f/i).map(decodeOnce);
  if (decoded.includes(undefined)) return 400;
  return resolveSegments(decoded.join("%2F")) ?? 400;
}

/** The path of the URL that mod_proxy makes; below a prefix it encodes the percent sign of an encoded slash too. */
function proxiedPath(path: string, mount: string): string {
  const encoded = path.replaceAll(
    /[^\w~$\-.+!*'(),;:@&=/]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return mount === "" ? encoded.replaceAll("%252F", "%2F") : encoded;
}

/** Authorizers do not get these: mod_ssl sets them after they were asked. */
function tlsParams(request: HttpRequest): Param[] {
  if (request.scheme === "http") return [];
  return [
    ["HTTPS", "on"],
    ["SSL_TLS_SNI", hostnameOf(authorityOf(request) ?? "").toLowerCase()],
  ];
}

function scriptParams(script: string, rest: string): Param[] {
  const name: Param = ["SCRIPT_NAME", script];
  return rest === "" ? [name] : [name, ["PATH_INFO", rest], ["PATH_TRANSLATED", `${ROOT}${rest}`]];
}

function fcgidAuthorization(request: HttpRequest): Param[] {
  const value = valueOf(request, "authorization");
  return value === undefined
    ? []
    : [
        ["Authorization", value],
        ["HTTP_AUTHORIZATION", value],
      ];
}

function withPassword(request: HttpRequest, markers: readonly Param[]): ReturnType<Passing> {
  return basicCredentials(request) === undefined ? { answers: 401 } : authorizerParams(request, { markers });
}

interface AuthorizerFacts {
  readonly markers: readonly Param[];
  readonly passesAuthorization?: boolean;
  readonly software?: string;
  /** An access checker is asked before Apache reads credentials. */
  readonly isAccessChecker?: boolean;
}

/** Section 6.3: an authorizer gets neither CONTENT_LENGTH nor SCRIPT_NAME, PATH_INFO and PATH_TRANSLATED. */
function authorizerParams(
  request: HttpRequest,
  { markers, passesAuthorization = false, software, isAccessChecker = false }: AuthorizerFacts,
): ReturnType<Passing> {
  const uri = uriOf(request.target);
  if (typeof uri === "number") return { answers: uri };
  const credentials = isAccessChecker ? undefined : basicCredentials(request);
  const common = commonParams(request, {
    passesAuthorization,
    scriptFilename: `${ROOT}${/^\/[^/]*/.exec(uri)![0]}`,
    user: credentials?.user,
    ...(software !== undefined && { software }),
  });
  const params: Param[] = [
    ...common.filter(([name]) => name !== "CONTENT_LENGTH"),
    ...markers,
    ...(credentials === undefined ? [] : [["REMOTE_PASSWD", credentials.password] as const]),
    ["HTTP_CONNECTION", "close"],
  ];
  return { params };
}

interface CommonFacts {
  readonly scriptFilename: string;
  readonly passesAuthorization?: boolean;
  /** Whether a body in chunks is counted first. */
  readonly countsBody?: boolean;
  readonly contextPrefix?: string;
  readonly contextRoot?: string;
  readonly software?: string;
  readonly user?: string | undefined;
  readonly first?: readonly Param[];
}

/** The variables of Apache's ap_add_common_vars and ap_add_cgi_vars, in their order. */
function commonParams(request: HttpRequest, facts: CommonFacts): Param[] {
  const { method, target, version, scheme } = request;
  const authority = authorityOf(request);
  const { contextPrefix = "", contextRoot = ROOT, software = SOFTWARE, user, first = [] } = facts;
  const hostname = hostnameOf(authority ?? "").toLowerCase();
  return [
    ...first,
    ...headerParams(request, facts),
    ["PATH", "/usr/bin:/bin"],
    ["SERVER_SIGNATURE", ""],
    ["SERVER_SOFTWARE", software],
    ["SERVER_NAME", authority === undefined ? SERVER_ADDRESS : hostname],
    ["SERVER_ADDR", SERVER_ADDRESS],
    ["SERVER_PORT", portOf(authority ?? "") ?? (scheme === "https" ? "443" : "80")],
    ["REMOTE_ADDR", CLIENT.address],
    ["DOCUMENT_ROOT", ROOT],
    ["REQUEST_SCHEME", scheme],
    ["CONTEXT_PREFIX", contextPrefix],
    ["CONTEXT_DOCUMENT_ROOT", contextRoot],
    ["SERVER_ADMIN", "[no address given]"],
    ["SCRIPT_FILENAME", facts.scriptFilename],
    ["REMOTE_PORT", CLIENT.port],
    ...(user === undefined ? [] : [["REMOTE_USER", user] as const, ["AUTH_TYPE", "Basic"] as const]),
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["REQUEST_METHOD", method],
    ["QUERY_STRING", partsOf(target).query],
    ["REQUEST_URI", target],
  ];
}

function headerParams(
  request: HttpRequest,
  { passesAuthorization = false, countsBody = false }: CommonFacts,
): Param[] {
  const authority = authorityOf(request);
  const params: Param[] = [];
  for (const [given, value] of joinedFields(request.fields)) {
    const name = given.toLowerCase();
    if (!/^[a-z0-9-]+$/.test(name) || name === "proxy" || name === "transfer-encoding") continue;
    if (name === "authorization" && !passesAuthorization) continue;
    if (name === "content-type" || name === "content-length") {
      params.push([name.toUpperCase().replace("-", "_"), value]);
    } else {
      params.push([variableOf(name), name === "host" ? authority! : value]);
    }
  }
  if (countsBody && isChunked(request)) params.push(["CONTENT_LENGTH", String(request.bodyLength)]);
  return params;
}
