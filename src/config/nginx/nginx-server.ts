import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import type { Deployment } from "../deployment.js";
import { authorizationLocations, authorizationDirectives } from "./nginx-authorizer.js";
import {
  emptyFolderDirectives,
  specialLocations,
  passDirectives,
  defaultDirectives,
} from "./nginx-locations.js";
import { nginxParams } from "./nginx-params.js";
import { nginxWord, nginxRegex } from "./nginx-text.js";
import { pathRegex } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** Idle connections that each worker keeps open. */
const IDLE_CONNECTIONS = 16;

/** The contents of nginx's `http` block: the upstream and the server. */
export function nginxServer(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  return [
    ...upstreamBlock(deployment),
    "",
    ...block("server", [
      ...listenDirectives(deployment),
      ...transportDirectives(deployment),
      ...nginxParams(plan),
      ...(protect.length === 0 ? [] : protectedLocations(plan)),
      ...mountLocation(deployment),
      ...(protect.includes("/**") ? [] : publicLocations(plan)),
      ...applicationLocation(plan),
    ]),
  ];
}

function upstreamBlock({ name, listen }: Deployment): string[] {
  const socket = applicationSocket(listen);
  const address = socket.kind === "unix" ? `unix:${socket.path}` : hostAndPort(socket);
  return block(`upstream ${name}`, [
    `server ${nginxWord(address)};`,
    `keepalive ${IDLE_CONNECTIONS}; # Keeps connections open, together with fastcgi_keep_conn below.`,
  ]);
}

function listenDirectives({ bind, port, serverName, root, links }: Deployment): string[] {
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : bind;
  return [
    `listen ${nginxWord(host === undefined ? String(port) : `${host}:${port}`)};`,
    `server_name ${nginxWord(serverName)};`,
    ...(root === undefined ? [] : [`root ${nginxWord(root)};`]),
    ...(root === undefined || links === "followed"
      ? []
      : [
          "# A symbolic link could lead to a protected file, or out of the root.",
          "disable_symlinks on from=$document_root;",
        ]),
    "# Redirects have no host and port, because the client may use others.",
    "absolute_redirect off;",
    "# Applications cannot tell a client's X_User from X-User.",
    "underscores_in_headers off;",
  ];
}

function transportDirectives({ maxBodyBytes, timeout }: Deployment): string[] {
  return [
    "",
    `client_max_body_size ${maxBodyBytes};`,
    `fastcgi_read_timeout ${timeout}s;`,
    `fastcgi_send_timeout ${timeout}s;`,
    "fastcgi_keep_conn on;",
    "# The application's headers, at most 8 KiB, can exceed nginx's default buffer.",
    "fastcgi_buffer_size 16k;",
    "fastcgi_buffers 8 16k;",
  ];
}

/** A raw path in which ".." may remove an empty segment, which is none to the application: "/x//../members". */
const DOTS_AFTER_SLASHES = String.raw`^(?>[^?]*?//)(?:[^?]*/)?(?:\.|%2[eE]){2}(?:[/?]|$)`;

/** The paths that an authorizer must allow, before all other locations. */
function protectedLocations(plan: RoutingPlan): string[] {
  const regex = pathRegex(plan.protect, { unit: "bytes", covers: "anyReading" });
  return [
    ...paragraph(
      "Refuses %2F, a slash to nginx but part of a name to the application: one of these two paths may be protected.",
      mustRefuseEncodedSlashes(plan)
        ? block(`if ($request_uri ~ ${nginxRegex(ENCODED_SLASH)})`, ["return 400;"])
        : [],
    ),
    ...paragraph(
      "Refuses several slashes, which are one to the application: nginx keeps them if merge_slashes is off for all servers.",
      plan.protect.includes("/**")
        ? []
        : [
            ...block(`if ($uri ~ ${nginxRegex("//")})`, ["return 400;"]),
            ...block(`if ($request_uri ~ ${nginxRegex(DOTS_AFTER_SLASHES)})`, ["return 400;"]),
          ],
    ),
    ...authorizationLocations(plan),
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
  const folders = emptyFolderDirectives(plan);
  const rest =
    plan.deployment.mount === "" ? [...defaultDirectives(plan), ...folders] : defaultDirectives(plan);
  return [...specialLocations(plan, folders), "", ...block("location /", rest)];
}

function mountLocation({ mount }: Deployment): string[] {
  if (mount === "") return [];
  return ["", ...block(`location = ${nginxWord(mount)}`, [`rewrite ^ ${nginxWord(`${mount}/`)} last;`])];
}

/** The target of `try_files` if there is no file. */
function applicationLocation(plan: RoutingPlan): string[] {
  if (plan.deployment.root === undefined) return [];
  return ["", ...block("location @application", passDirectives(plan))];
}
