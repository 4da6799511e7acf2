import { escapeGlob } from "../../paths/path-glob.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import { caddyWord, caddyRegex } from "./caddy-text.js";
import type { Deployment } from "../deployment.js";
import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { pathRegex, type PathRegexOptions } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** On this port, Caddy uses HTTPS_PORT and obtains the certificate itself. */
export const HTTPS_PORT = 443;

const ROUTES: PathRegexOptions = { unit: "characters", covers: "route" };
const FILES: PathRegexOptions = { ...ROUTES, covers: "file" };

/** Caddy 2.6.2 would also send it to the client, as a header field. */
const WITHOUT_STATUS = ["# The application's Status is not a header field.", "header_down -Status"];

const DOT_FILES = String.raw`/\.`;
/** Paths that certificate authorities and others request (RFC 8615). */
const WELL_KNOWN = String.raw`^/\.well-known/(?:[^./][^/]*/)*[^./][^/]*$`;

/** The site of a Caddyfile, and the snippet that it imports. */
export function caddySite(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  const { bind, root, mount, maxBodyBytes } = deployment;
  return [
    ...(protect.length === 0 ? [] : [...authorizerSnippet(plan), ""]),
    ...block(siteAddress(deployment), [
      ...(bind === undefined ? [] : [`bind ${caddyWord(bind.replaceAll(/[[\]]/g, ""))}`]),
      ...(root === undefined ? [] : [`root * ${caddyWord(root)}`]),
      ...block("request_body", [`max_size ${maxBodyBytes}`]),
      ...block("route", [
        "# Programs use a client's Proxy header as their own proxy (CVE-2016-5385), and cannot tell X_User from X-User.",
        "request_header -Proxy",
        "request_header -*_*",
        ...(mount === "" ? [] : mountRewrite(mount)),
        ...(protect.length === 0 ? [] : protectedRoute(plan)),
        ...(root === undefined ? [] : [...indexRoute(plan), ...fileServer(plan)]),
        ...applicationRoute(plan),
      ]),
    ]),
  ];
}

function siteAddress({ serverName, port }: Deployment): string {
  if (port === HTTPS_PORT) return caddyWord(serverName);
  // Any host name.
  return serverName === "localhost" ? `:${port}` : caddyWord(`http://${serverName}:${port}`);
}

/** The equivalent of Caddy's `forward_auth` directive, over FastCGI. */
function authorizerSnippet(plan: RoutingPlan): string[] {
  return paragraph(
    "Asks the application's authorizers: TRICORN_BRIDGE marks the request as a question to them.",
    block(
      `(${snippetName(plan)})`,
      block(`reverse_proxy @protected ${upstreamAddress(plan.deployment)}`, [
        "method GET",
        ...WITHOUT_STATUS,
        ...transport(plan.deployment, [
          "env TRICORN_BRIDGE forward_auth",
          "env TRICORN_URI {http.request.uri}",
          "env TRICORN_METHOD {http.request.method}",
        ]),
        "@allowed status 200",
        ...block("handle_response @allowed", allowedVars(plan)),
      ]),
    ),
  ).slice(1);
}

/** Keeps the variables of an allowed request. Without any directive, Caddy 2.6.2 sends an empty response to the client. */
function allowedVars({ variables }: RoutingPlan): readonly string[] {
  if (variables.length === 0) return ["vars allowed true"];
  return variables.map(
    (name) => `vars ${varName(name)} {http.reverse_proxy.header.${canonicalHeader(`Variable-${name}`)}}`,
  );
}

function snippetName({ deployment }: RoutingPlan): string {
  return `ask-${deployment.name}`;
}

function mountRewrite(mount: string): string[] {
  return paragraph("The mount without a slash.", [
    `@mount path ${caddyWord(mount)}`,
    `rewrite @mount ${caddyWord(`${mount}/`)}`,
  ]);
}

/** The paths that an authorizer must allow, before all other directives. */
function protectedRoute(plan: RoutingPlan): string[] {
  const regex = pathRegex(plan.protect, { ...ROUTES, covers: "anyReading" });
  return [
    ...paragraph(
      "Refuses %2F, a slash to Caddy but part of a name to the application: one of these two paths may be protected.",
      mustRefuseEncodedSlashes(plan)
        ? [
            `@encoded-slash vars_regexp {http.request.orig_uri} ${caddyRegex(ENCODED_SLASH)}`,
            "respond @encoded-slash 400",
          ]
        : [],
    ),
    ...paragraph("An authorizer must allow these, static files included.", [
      `@protected path_regexp ${caddyRegex(`(?i)${regex}`)}`,
      `import ${snippetName(plan)}`,
    ]),
  ];
}

/** Rewrites a folder to its index file, whose own path may be protected or filtered. */
function indexRoute(plan: RoutingPlan): string[] {
  // If the routes are unknown, a folder may be one of them.
  if (plan.respond === undefined) return [];
  return paragraph("A folder is served as its index file, whose own path may be protected or filtered.", [
    ...block("@index", ["path */", ...fileMatcher("{path}index.html"), ...exceptApplication(plan)]),
    ...block("route @index", [
      "rewrite {http.matchers.file.relative}",
      ...(plan.protect.length === 0 ? [] : [`import ${snippetName(plan)}`]),
    ]),
  ]);
}

function fileMatcher(path: string): string[] {
  return block("file", [`try_files ${path}`]);
}

/** Lines of a matcher that exclude routes and filtered files. */
function exceptApplication({ streams, respond = [], filter }: RoutingPlan): string[] {
  const routes = [...new Set([...streams, ...respond])];
  return [
    ...(routes.length === 0 ? [] : [`not path_regexp ${caddyRegex(pathRegex(routes, ROUTES))}`]),
    ...(filter.length === 0 ? [] : [`not path_regexp ${caddyRegex(pathRegex(filter, FILES))}`]),
  ];
}

function fileServer(plan: RoutingPlan): string[] {
  const isKnown = plan.respond !== undefined;
  return paragraph(
    "Static files, except routes, filtered files, and files and folders whose names begin with a dot.",
    [
      ...block("@files", [
        // If the routes are unknown, a folder may be one of them.
        ...(isKnown ? fileMatcher("{path} {path}/index.html") : ["file", "not path */"]),
        ...exceptApplication(plan),
        ...block("not", [
          `path_regexp ${caddyRegex(DOT_FILES)}`,
          `not path_regexp ${caddyRegex(WELL_KNOWN)}`,
        ]),
      ]),
      "file_server @files",
    ],
  );
}

/** All other requests. */
function applicationRoute(plan: RoutingPlan): string[] {
  const { mount } = plan.deployment;
  if (mount === "") return paragraph("The application handles all other paths.", reverseProxy(plan));
  const below = pathRegex([`${escapeGlob(mount)}/**`], ROUTES);
  return [
    ...paragraph("The application handles all other paths below its mount.", [
      `@application path_regexp ${caddyRegex(below)}`,
      ...block("route @application", [`uri strip_prefix ${caddyWord(mount)}`, ...reverseProxy(plan)]),
    ]),
    "respond 404",
  ];
}

/** Sends requests to the application. */
function reverseProxy(plan: RoutingPlan): string[] {
  const { deployment, variables, streams } = plan;
  return block(`reverse_proxy ${upstreamAddress(deployment)}`, [
    ...transport(deployment, [
      ...(deployment.mount === "" ? [] : [`env SCRIPT_NAME ${caddyWord(deployment.mount)}`]),
      ...variables.map((name) => `env ${caddyWord(name)} {http.vars.${varName(name)}}`),
    ]),
    ...WITHOUT_STATUS,
    ...(streams.length === 0 ? [] : ["# Some responses are sent as they are produced.", "flush_interval -1"]),
  ]);
}

function transport({ timeout }: Deployment, lines: readonly string[]): string[] {
  return block("transport fastcgi", [...lines, `read_timeout ${timeout}s`, `write_timeout ${timeout}s`]);
}

function upstreamAddress({ listen }: Deployment): string {
  const socket = applicationSocket(listen);
  return caddyWord(socket.kind === "unix" ? `unix/${socket.path}` : hostAndPort(socket));
}

function varName(variable: string): string {
  return `tricorn_${variable}`;
}

/** Go's canonical spelling of a header field's name. */
function canonicalHeader(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
