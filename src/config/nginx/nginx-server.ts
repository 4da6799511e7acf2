import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import type { Deployment } from "../deployment.js";
import { authorizationDirectives, denialLocations, questionLocation } from "./nginx-authorizer.js";
import { DOTS_AFTER_SLASHES, refuse } from "./nginx-guard.js";
import {
  emptyFolderDirectives,
  specialLocations,
  passDirectives,
  defaultDirectives,
} from "./nginx-locations.js";
import { mountLocations } from "./nginx-mount.js";
import { nginxParams } from "./nginx-params.js";
import { nginxWord, nginxRegex } from "./nginx-text.js";
import { rootDirectives, transportDirectives, upstreamBlock } from "./nginx-transport.js";
import { pathRegex } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** The contents of nginx's `http` block: the upstream and the server. */
export function nginxServer(plan: RoutingPlan): string[] {
  const { deployment } = plan;
  return [
    ...upstreamBlock(deployment),
    "",
    ...block("server", [
      ...listenDirectives(deployment),
      "",
      ...transportDirectives(deployment),
      ...nginxParams(plan),
      ...(deployment.mount === "" ? rootLocations(plan) : mountOnly(plan)),
    ]),
    ...redirectServer(deployment),
  ];
}

function listenDirectives(deployment: Deployment): string[] {
  const { port, serverName, tls } = deployment;
  const { certificate, key = certificate } = tls;
  return [
    `listen ${nginxWord(listenAddress(deployment, port))}${certificate === undefined ? "" : " ssl http2"};`,
    `server_name ${nginxWord(serverName)};`,
    ...(certificate === undefined || key === undefined
      ? []
      : [
          `ssl_certificate ${nginxWord(certificate)};`,
          `ssl_certificate_key ${nginxWord(key)};`,
          "ssl_protocols TLSv1.2 TLSv1.3;",
          "# Browsers then use only HTTPS for this name, for a year. It cannot be taken back.",
          '# add_header Strict-Transport-Security "max-age=31536000" always;',
        ]),
    ...(deployment.mount === "" ? rootDirectives(deployment) : []),
    "# Applications cannot tell a client's X_User from X-User.",
    "underscores_in_headers off;",
  ];
}

/** The server that redirects HTTP to HTTPS. */
function redirectServer(deployment: Deployment): string[] {
  const { port, serverName, tls } = deployment;
  if (tls.certificate === undefined) return [];
  const host = port === 443 ? "$host" : `$host:${port}`;
  return [
    "",
    ...block("server", [
      `listen ${nginxWord(listenAddress(deployment, tls.redirectFrom))};`,
      `server_name ${nginxWord(serverName)};`,
      `return 308 https://${host}$request_uri;`,
    ]),
  ];
}

function listenAddress({ bind }: Deployment, port: number): string {
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : bind;
  return host === undefined ? String(port) : `${host}:${port}`;
}

/** All paths of the server, for an application without a mount. */
function rootLocations(plan: RoutingPlan): string[] {
  const { protect } = plan;
  return [
    ...(protect.length === 0 ? [] : protectedLocations(plan)),
    ...(protect.includes("/**") ? [] : publicLocations(plan)),
    ...applicationLocation(plan),
  ];
}

function mountOnly(plan: RoutingPlan): string[] {
  return ["", ...mountLocations(plan), "", ...block("location /", ["return 404;"])];
}

/** The paths that an authorizer must allow, before all other locations. */
function protectedLocations(plan: RoutingPlan): string[] {
  const regex = pathRegex(plan.protect, { unit: "bytes", covers: "anyReading" });
  return [
    ...paragraph(
      "Refuses %2F, a slash to nginx but part of a name to the application: one of these two paths may be protected.",
      mustRefuseEncodedSlashes(plan) ? refuse("$request_uri", ENCODED_SLASH) : [],
    ),
    ...paragraph(
      "Refuses several slashes, which are one to the application: nginx keeps them if merge_slashes is off for all servers.",
      plan.protect.includes("/**")
        ? []
        : [...refuse("$uri", "//"), ...refuse("$request_uri", DOTS_AFTER_SLASHES)],
    ),
    ...questionLocation(plan),
    ...denialLocations(plan),
    ...paragraph(
      "An authorizer must allow these, static files included. nginx uses the first matching regular expression.",
      block(`location ~* ${nginxRegex(regex)}`, [
        ...authorizationDirectives(plan),
        ...specialLocations(plan),
        "",
        ...defaultDirectives(plan),
      ]),
    ),
  ];
}

/** The locations of unprotected paths. */
function publicLocations(plan: RoutingPlan): string[] {
  const rest = [...defaultDirectives(plan), ...emptyFolderDirectives(plan)];
  return [...specialLocations(plan), "", ...block("location /", rest)];
}

/** The target of `try_files` if there is no file. */
function applicationLocation(plan: RoutingPlan): string[] {
  if (plan.deployment.root === undefined) return [];
  return ["", ...block("location @application", passDirectives(plan))];
}
