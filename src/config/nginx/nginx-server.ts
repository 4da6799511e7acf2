import { ENCODED_SLASH, mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import type { Deployment } from "../deployment.js";
import { askLocations, asking } from "./nginx-authorizer.js";
import { emptyFolders, locations, pass, standard } from "./nginx-locations.js";
import { nginxParams } from "./nginx-params.js";
import { quoted, quotedRegex } from "./nginx-text.js";
import { pathRegex } from "../plan/path-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { block, paragraph } from "../text.js";

/** Connections that each worker keeps open. */
const KEPT = 16;

/** The upstream and the server of nginx: what stands within `http`. */
export function nginxServer(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  return [
    ...upstream(deployment),
    "",
    ...block("server", [
      ...listening(deployment),
      ...transport(deployment),
      ...nginxParams(plan),
      ...(protect.length === 0 ? [] : protectedPart(plan)),
      ...mountPoint(deployment),
      ...(protect.includes("/**") ? [] : open(plan)),
      ...application(plan),
    ]),
  ];
}

function upstream({ name, listen }: Deployment): string[] {
  const socket = applicationSocket(listen);
  const address = socket.kind === "unix" ? `unix:${socket.path}` : hostAndPort(socket);
  return block(`upstream ${name}`, [
    `server ${quoted(address)};`,
    `keepalive ${KEPT}; # Connections are kept, which fastcgi_keep_conn below is also needed for.`,
  ]);
}

function listening({ bind, port, serverName, root, links }: Deployment): string[] {
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : bind;
  return [
    `listen ${quoted(host === undefined ? String(port) : `${host}:${port}`)};`,
    `server_name ${quoted(serverName)};`,
    ...(root === undefined ? [] : [`root ${quoted(root)};`]),
    ...(root === undefined || links === "followed"
      ? []
      : [
          "# A link below the root could lead past what is protected, and out of the root.",
          "disable_symlinks on from=$document_root;",
        ]),
    "# Redirects name no host and no port, which may be others to the client.",
    "absolute_redirect off;",
    "# A client's X_User would be taken for X-User.",
    "underscores_in_headers off;",
  ];
}

function transport({ maxBodyBytes, timeout }: Deployment): string[] {
  return [
    "",
    `client_max_body_size ${maxBodyBytes};`,
    `fastcgi_read_timeout ${timeout}s;`,
    `fastcgi_send_timeout ${timeout}s;`,
    "fastcgi_keep_conn on;",
    "# The application's header blocks, 8 KiB at the most, are larger than what nginx takes by default.",
    "fastcgi_buffer_size 16k;",
    "fastcgi_buffers 8 16k;",
  ];
}

/** A raw path in which ".." may lead out of an empty segment, which is none to others: "/x//../members". */
const DOTS_BEHIND_SLASHES = String.raw`^(?>[^?]*?//)(?:[^?]*/)?(?:\.|%2[eE]){2}(?:[/?]|$)`;

/** What an authorizer must allow first; it stands in front of everything else. */
function protectedPart(plan: RoutingPlan): string[] {
  const regex = pathRegex(plan.protect, { unit: "bytes", covers: "anyReading" });
  return [
    ...paragraph(
      "To nginx an encoded slash is a slash, to the application a part of a name: one of the two may be protected.",
      mustRefuseEncodedSlashes(plan)
        ? block(`if ($request_uri ~ ${quotedRegex(ENCODED_SLASH)})`, ["return 400;"])
        : [],
    ),
    ...paragraph(
      "Several slashes are one to whoever answers. To nginx they are several where merge_slashes is off for all servers.",
      plan.protect.includes("/**")
        ? []
        : [
            ...block(`if ($uri ~ ${quotedRegex("//")})`, ["return 400;"]),
            ...block(`if ($request_uri ~ ${quotedRegex(DOTS_BEHIND_SLASHES)})`, ["return 400;"]),
          ],
    ),
    ...askLocations(plan),
    ...paragraph(
      "An authorizer must allow these, whoever answers then. nginx takes the first regular expression that fits.",
      block(`location ~* ${quotedRegex(regex)}`, [
        ...asking(plan),
        ...locations(plan),
        "",
        ...standard(plan),
      ]),
    ),
  ];
}

/** What is left when something is protected: nothing where that is everything. */
function open(plan: RoutingPlan): string[] {
  const folders = emptyFolders(plan);
  const rest = plan.deployment.mount === "" ? [...standard(plan), ...folders] : standard(plan);
  return [...locations(plan, folders), "", ...block("location /", rest)];
}

function mountPoint({ mount }: Deployment): string[] {
  if (mount === "") return [];
  return ["", ...block(`location = ${quoted(mount)}`, [`rewrite ^ ${quoted(`${mount}/`)} last;`])];
}

/** Where `try_files` leads when there is no file. */
function application(plan: RoutingPlan): string[] {
  if (plan.deployment.root === undefined) return [];
  return ["", ...block("location @application", pass(plan))];
}
