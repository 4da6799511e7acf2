import { applicationSocket, hostAndPort, onlyUpstream } from "../application-socket.js";
import type { Deployment } from "../deployment.js";
import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { pathRegex, type PathRegexOptions } from "../plan/path-regex.js";
import { mountRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";
import { caddyRegex, caddyWord } from "./caddy-text.js";

const ROUTES: PathRegexOptions = { unit: "characters", covers: "route" };
const FILES: PathRegexOptions = { ...ROUTES, covers: "file" };

/** Caddy 2.6.2 would also send it to the client, as a header field. */
const WITHOUT_STATUS = ["# The application's Status is not a header field.", "header_down -Status"];

const DOT_FILES = String.raw`/\.`;
/** Paths that certificate authorities and others request (RFC 8615). */
const WELL_KNOWN = String.raw`^/\.well-known/(?:[^./][^/]*/)*[^./][^/]*$`;

/** Adds the slash to the mount, and refuses what is outside of it. */
export function mountLines({ deployment: { mount } }: RoutingPlan): string[] {
  if (mount === "") return [];
  return [
    ...paragraph("The mount without a slash.", [
      `@mount path_regexp ${caddyRegex(`${mountRegex(mount)}$`)}`,
      `rewrite @mount ${caddyWord(`${mount}/`)}`,
    ]),
    ...paragraph("Nothing outside the mount is served.", [
      `@outside not path_regexp ${caddyRegex(`${mountRegex(mount)}/`)}`,
      "respond @outside 404",
    ]),
  ];
}

/** Which URI is asked about: the current one, or that which the client sent, whose query no rewrite of a site has replaced. */
export type AskedUri = "{http.request.uri}" | "{http.request.orig_uri}";

/** The equivalent of Caddy's `forward_auth` directive, over FastCGI. */
export function askLines(plan: RoutingPlan, uri: AskedUri): string[] {
  return paragraph(
    "Asks the application's authorizers: TRICORN_BRIDGE marks the request as a question to them.",
    block(`reverse_proxy @protected ${upstreamAddress(plan.deployment)}`, [
      "method GET",
      ...WITHOUT_STATUS,
      ...transport(plan.deployment, [
        "env TRICORN_BRIDGE forward_auth",
        `env TRICORN_URI ${uri}`,
        "env TRICORN_METHOD {http.request.method}",
      ]),
      "@allowed status 200",
      ...block("handle_response @allowed", allowedVars(plan)),
    ]),
  ).slice(1);
}

/** Keeps the variables of an allowed request. Without any directive, Caddy 2.6.2 sends an empty response to the client. */
function allowedVars({ variables }: RoutingPlan): readonly string[] {
  if (variables.length === 0) return ["vars allowed true"];
  return variables.map(
    (name) => `vars ${varName(name)} {http.reverse_proxy.header.${canonicalHeader(`Variable-${name}`)}}`,
  );
}

/** The paths that an authorizer must allow, before all other directives. */
export function protectedLines(plan: RoutingPlan, ask: readonly string[]): string[] {
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
      ...ask,
    ]),
  ];
}

/** Finds the path below the mount, by which files are found. */
export function pathLines({ deployment: { mount } }: RoutingPlan): string[] {
  if (mount === "") return [];
  return paragraph("Files are found by the path below the mount.", [
    `@below path_regexp below ${caddyRegex(`${mountRegex(mount)}(/[\\s\\S]*)$`)}`,
    ...belowLines(mount),
  ]);
}

/** Rewrites a folder to its index file, whose own path may be protected or filtered. */
export function indexLines(plan: RoutingPlan, ask: readonly string[]): string[] {
  // If the routes are unknown, a folder may be one of them.
  if (plan.respond === undefined) return [];
  const { mount } = plan.deployment;
  return [
    ...paragraph("A folder is served as its index file, whose own path may be protected or filtered.", [
      ...block("@index", [
        "path */",
        ...fileMatcher(`${requested(mount)}index.html`),
        ...exceptApplication(plan),
      ]),
      ...block("route @index", [`rewrite * ${mount}{http.matchers.file.relative}`, ...ask]),
    ]),
  ];
}

/** The placeholder of a path below the root. */
function requested(mount: string): string {
  return mount === "" ? "{path}" : "{http.vars.below}";
}

/** Keeps the path below the mount in a variable. */
function belowLines(mount: string): string[] {
  return mount === "" ? [] : ["vars @below below {http.regexp.below.1}"];
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

/** Static files. */
export function fileLines(plan: RoutingPlan): string[] {
  const { mount } = plan.deployment;
  const isKnown = plan.respond !== undefined;
  const path = requested(mount);
  return [
    ...(plan.respond === undefined ? [] : belowLines(mount)),
    ...paragraph(
      "Static files, except routes, filtered files, and files and folders whose names begin with a dot.",
      [
        ...block("@files", [
          // If the routes are unknown, a folder may be one of them.
          ...(isKnown ? fileMatcher(`${path} ${path}/index.html`) : [...fileMatcher(path), "not path */"]),
          ...exceptApplication(plan),
          ...block("not", [
            `path_regexp ${caddyRegex(DOT_FILES)}`,
            `not path_regexp ${caddyRegex(WELL_KNOWN)}`,
          ]),
        ]),
        ...(mount === ""
          ? ["file_server @files"]
          : block("route @files", [`uri strip_prefix ${caddyWord(mount)}`, "file_server"])),
      ],
    ),
  ];
}

/** All other requests. */
export function applicationLines(plan: RoutingPlan): string[] {
  const { mount } = plan.deployment;
  if (mount === "") return paragraph("The application handles all other paths.", reverseProxy(plan));
  return paragraph("The application handles all other paths below its mount.", [
    `uri strip_prefix ${caddyWord(mount)}`,
    ...reverseProxy(plan),
  ]);
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

function upstreamAddress(deployment: Deployment): string {
  const socket = applicationSocket(onlyUpstream(deployment));
  return caddyWord(socket.kind === "unix" ? `unix/${socket.path}` : hostAndPort(socket));
}

function varName(variable: string): string {
  return `tricorn_${variable}`;
}

/** Go's canonical spelling of a header field's name. */
function canonicalHeader(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
