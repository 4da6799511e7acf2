import {
  applicationLines,
  askLines,
  type AskedUri,
  fileLines,
  indexLines,
  mountLines,
  pathLines,
  protectedLines,
} from "./caddy-route.js";
import { caddyRegex, caddyWord } from "./caddy-text.js";
import type { Deployment } from "../deployment.js";
import { ownName } from "../plan/own-name.js";
import { mountRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** On this port, Caddy uses HTTPS and obtains the certificate itself, unless the deployment has one. */
export const HTTPS_PORT = 443;

/** The sites of a Caddyfile, and the snippet that the first one imports. */
export function caddySite(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  const { bind, tls } = deployment;
  const bound = bind === undefined ? [] : [`bind ${caddyWord(bind.replaceAll(/[[\]]/g, ""))}`];
  const { certificate, key = certificate } = tls;
  return [
    ...(protect.length === 0 ? [] : [...askSnippet(plan), ""]),
    ...block(siteAddress(deployment), [
      ...bound,
      ...(certificate === undefined || key === undefined
        ? []
        : [`tls ${caddyWord(certificate)} ${caddyWord(key)}`]),
      ...hstsLines(deployment),
      ...routeLines(plan, () => [`import ${snippetName(plan)}`]),
    ]),
    ...redirectSite(deployment, bound),
  ];
}

/** What a site imports to have the application at its mount: one block, which other blocks of the site do not see. */
export function caddyPart(plan: RoutingPlan): string[] {
  const { deployment } = plan;
  const matcher = `@${ownName(deployment)}`;
  const mount = caddyRegex(`${mountRegex(deployment.mount)}(?:/|$)`);
  return [
    "# Paths at and below the mount, also if a rewrite of the site, such as try_files, has replaced them.",
    ...block(
      matcher,
      block("not", [
        `not path_regexp ${mount}`,
        ...block("not", [
          `vars_regexp {http.request.orig_uri.path} ${mount}`,
          `not vars_regexp {http.request.orig_uri.path} ${caddyRegex(DOT_SEGMENT)}`,
        ]),
      ]),
    ),
    ...block(
      `handle ${matcher}`,
      routeLines(plan, (uri) => askLines(plan, uri)),
    ),
  ];
}

const DOT_SEGMENT = String.raw`/\.\.?(?:/|$)`;

/**
 * Restores the path that the client requested, which is also the application's, if a rewrite of the site has replaced it. Caddy 2.6
 * does not decode what it rewrites to, later versions do: so a decoded path must not look like an encoded one.
 */
function restoreLines({ deployment }: RoutingPlan): string[] {
  if (deployment.part === "whole") return [];
  const isRewritten = "not vars {http.request.uri.path} {http.request.orig_uri.path}";
  return [
    "# The path that the client requested, even if a rewrite of the site has replaced it.",
    `@rewritten ${isRewritten}`,
    ...block("@unclear", [
      isRewritten,
      `vars_regexp {http.request.orig_uri.path} ${caddyRegex(`[%?#]|//|${DOT_SEGMENT}`)}`,
    ]),
    "respond @unclear 400",
    "rewrite @rewritten {http.request.orig_uri.path}",
  ];
}

/** All that happens to a request, in this order. */
function routeLines(plan: RoutingPlan, askAbout: (uri: AskedUri) => readonly string[]): string[] {
  const { deployment, protect } = plan;
  const { root, maxBodyBytes } = deployment;
  return block("route", [
    ...restoreLines(plan),
    ...(root === undefined ? [] : [`root * ${caddyWord(root)}`]),
    ...block("request_body", [`max_size ${maxBodyBytes}`]),
    "# Programs use a client's Proxy header as their own proxy (CVE-2016-5385), and cannot tell X_User from X-User.",
    "request_header -Proxy",
    "request_header -*_*",
    ...mountLines(plan),
    ...(protect.length === 0 ? [] : protectedLines(plan, askAbout("{http.request.orig_uri}"))),
    ...(root === undefined
      ? []
      : [
          ...pathLines(plan),
          ...indexLines(plan, protect.length === 0 ? [] : askAbout("{http.request.uri}")),
          ...fileLines(plan),
        ]),
    ...applicationLines(plan),
  ]);
}

function askSnippet(plan: RoutingPlan): string[] {
  return block(`(${snippetName(plan)})`, askLines(plan, "{http.request.uri}"));
}

function snippetName({ deployment }: RoutingPlan): string {
  return `ask-${deployment.name}`;
}

function siteAddress({ serverName, port, tls }: Deployment): string {
  // "localhost" is any host name.
  if (tls.certificate !== undefined) {
    return serverName === "localhost" ? `:${port}` : caddyWord(`https://${serverName}:${port}`);
  }
  if (port === HTTPS_PORT) return caddyWord(serverName);
  return serverName === "localhost" ? `:${port}` : caddyWord(`http://${serverName}:${port}`);
}

function hstsLines({ port, tls }: Deployment): string[] {
  if (tls.certificate === undefined && port !== HTTPS_PORT) return [];
  return [
    "# Browsers then use only HTTPS for this name, for a year. It cannot be taken back.",
    '# header Strict-Transport-Security "max-age=31536000"',
  ];
}

/** Redirects HTTP to HTTPS. Caddy would do that by itself only on its standard ports. */
function redirectSite({ serverName, port, tls }: Deployment, bound: readonly string[]): string[] {
  if (tls.certificate === undefined) return [];
  const host = serverName === "localhost" ? "" : serverName;
  const target = port === HTTPS_PORT ? "{host}" : `{host}:${port}`;
  return paragraph(
    "HTTP is redirected.",
    block(caddyWord(`http://${host}:${tls.redirectFrom}`), [...bound, `redir https://${target}{uri} 308`]),
  );
}
