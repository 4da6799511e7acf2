import { escapeGlob } from "../../paths/path-glob.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import { quoted, quotedRegex } from "./caddy-text.js";
import type { Deployment } from "../deployment.js";
import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { pathRegex, type PathRegexOptions } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** On this port Caddy speaks HTTPS and gets the certificate itself. */
export const HTTPS = 443;

const ROUTES: PathRegexOptions = { unit: "characters", covers: "route" };
const FILES: PathRegexOptions = { ...ROUTES, covers: "file" };

const DOT_FILES = String.raw`/\.`;
/** Where certificates and others are looked for (RFC 8615). */
const WELL_KNOWN = String.raw`^/\.well-known/(?:[^./][^/]*/)*[^./][^/]*$`;

/** The site of a Caddyfile, and what it is made with. */
export function caddySite(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  const { bind, root, mount, maxBodyBytes } = deployment;
  return [
    ...(protect.length === 0 ? [] : [...askSnippet(plan), ""]),
    ...block(addressOf(deployment), [
      ...(bind === undefined ? [] : [`bind ${quoted(bind.replaceAll(/[[\]]/g, ""))}`]),
      ...(root === undefined ? [] : [`root * ${quoted(root)}`]),
      ...block("request_body", [`max_size ${maxBodyBytes}`]),
      ...block("route", [
        "# Programs take a client's Proxy for their own proxy, and X_User for X-User (CVE-2016-5385).",
        "request_header -Proxy",
        "request_header -*_*",
        ...(mount === "" ? [] : mountPoint(mount)),
        ...(protect.length === 0 ? [] : protection(plan)),
        ...(root === undefined ? [] : [...index(plan), ...files(plan)]),
        ...rest(plan),
      ]),
    ]),
  ];
}

function addressOf({ serverName, port }: Deployment): string {
  if (port === HTTPS) return quoted(serverName);
  // Whatever the client calls this machine.
  return serverName === "localhost" ? `:${port}` : quoted(`http://${serverName}:${port}`);
}

/** What Caddy's own directive `forward_auth` stands for, with FastCGI. */
function askSnippet(plan: RoutingPlan): string[] {
  return paragraph(
    "Asks an authorizer: an ordinary request to Caddy, and by TRICORN_BRIDGE a question to the application.",
    block(
      `(${snippetName(plan)})`,
      block(`reverse_proxy @protected ${upstream(plan.deployment)}`, [
        "method GET",
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

/** What is kept of an answer that allows. Caddy 2.6.2 sends an empty answer to the client where there is no directive. */
function allowedVars({ variables }: RoutingPlan): readonly string[] {
  if (variables.length === 0) return ["vars allowed true"];
  return variables.map(
    (name) => `vars ${keyOf(name)} {http.reverse_proxy.header.${canonicalHeader(`Variable-${name}`)}}`,
  );
}

function snippetName({ deployment }: RoutingPlan): string {
  return `ask-${deployment.name}`;
}

function mountPoint(mount: string): string[] {
  return paragraph("The mount itself is its root.", [
    `@mount path ${quoted(mount)}`,
    `rewrite @mount ${quoted(`${mount}/`)}`,
  ]);
}

/** What an authorizer must allow first; it stands in front of everything else. */
function protection(plan: RoutingPlan): string[] {
  const regex = pathRegex(plan.protect, { ...ROUTES, covers: "anyReading" });
  return [
    ...paragraph(
      "To Caddy an encoded slash is a slash, to the application a part of a name: one of the two may be protected.",
      mustRefuseEncodedSlashes(plan)
        ? [
            `@encoded-slash vars_regexp {http.request.orig_uri} ${quotedRegex(ENCODED_SLASH)}`,
            "respond @encoded-slash 400",
          ]
        : [],
    ),
    ...paragraph("An authorizer must allow these, whoever answers then.", [
      `@protected path_regexp ${quotedRegex(`(?i)${regex}`)}`,
      `import ${snippetName(plan)}`,
    ]),
  ];
}

/** The index of a folder, which may be protected or filtered by a name of its own. */
function index(plan: RoutingPlan): string[] {
  // Where the routes are not known, a folder may be one of them.
  if (plan.respond === undefined) return [];
  return paragraph(
    "A folder stands for its index, which may be protected or filtered by a name of its own.",
    [
      ...block("@index", ["path */", ...isFile("{path}index.html"), ...notOwn(plan)]),
      ...block("route @index", [
        "rewrite {http.matchers.file.relative}",
        ...(plan.protect.length === 0 ? [] : [`import ${snippetName(plan)}`]),
      ]),
    ],
  );
}

function isFile(path: string): string[] {
  return block("file", [`try_files ${path}`]);
}

/** Lines of a matcher that leave out what is the application's own. */
function notOwn({ streams, respond = [], filter }: RoutingPlan): string[] {
  const routes = [...new Set([...streams, ...respond])];
  return [
    ...(routes.length === 0 ? [] : [`not path_regexp ${quotedRegex(pathRegex(routes, ROUTES))}`]),
    ...(filter.length === 0 ? [] : [`not path_regexp ${quotedRegex(pathRegex(filter, FILES))}`]),
  ];
}

function files(plan: RoutingPlan): string[] {
  const isKnown = plan.respond !== undefined;
  return paragraph(
    "Files, but for those that the application answers or filters, and those whose name begins with a dot.",
    [
      ...block("@files", [
        // Where the routes are not known, a folder may be one of them.
        ...(isKnown ? isFile("{path} {path}/index.html") : ["file", "not path */"]),
        ...notOwn(plan),
        ...block("not", [
          `path_regexp ${quotedRegex(DOT_FILES)}`,
          `not path_regexp ${quotedRegex(WELL_KNOWN)}`,
        ]),
      ]),
      "file_server @files",
    ],
  );
}

/** What nobody else has answered. */
function rest(plan: RoutingPlan): string[] {
  const { mount } = plan.deployment;
  if (mount === "") return paragraph("Everything else is the application's.", proxy(plan));
  const below = pathRegex([`${escapeGlob(mount)}/**`], ROUTES);
  return [
    ...paragraph("Everything else below its mount is the application's.", [
      `@application path_regexp ${quotedRegex(below)}`,
      ...block("route @application", [`uri strip_prefix ${quoted(mount)}`, ...proxy(plan)]),
    ]),
    "respond 404",
  ];
}

/** Sends a request to the application. */
function proxy(plan: RoutingPlan): string[] {
  const { deployment, variables, streams } = plan;
  return block(`reverse_proxy ${upstream(deployment)}`, [
    ...transport(deployment, [
      ...(deployment.mount === "" ? [] : [`env SCRIPT_NAME ${quoted(deployment.mount)}`]),
      ...variables.map((name) => `env ${quoted(name)} {http.vars.${keyOf(name)}}`),
    ]),
    ...(streams.length === 0
      ? []
      : ["# There are answers that leave as they are produced.", "flush_interval -1"]),
  ]);
}

function transport({ timeout }: Deployment, lines: readonly string[]): string[] {
  return block("transport fastcgi", [...lines, `read_timeout ${timeout}s`, `write_timeout ${timeout}s`]);
}

function upstream({ listen }: Deployment): string {
  const socket = applicationSocket(listen);
  return quoted(socket.kind === "unix" ? `unix/${socket.path}` : hostAndPort(socket));
}

function keyOf(variable: string): string {
  return `tricorn_${variable}`;
}

/** As Go spells the name of a header field. */
function canonicalHeader(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
