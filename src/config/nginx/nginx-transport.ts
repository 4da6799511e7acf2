import { applicationSocket, hostAndPort } from "../application-socket.js";
import type { Deployment } from "../deployment.js";
import { block } from "../text.js";
import { nginxNames } from "./nginx-names.js";
import { nginxWord } from "./nginx-text.js";

/** Idle connections that each worker keeps open. */
const IDLE_CONNECTIONS = 16;

/** The application, as nginx connects to it. */
export function upstreamBlock(deployment: Deployment): string[] {
  const socket = applicationSocket(deployment.listen);
  const address = socket.kind === "unix" ? `unix:${socket.path}` : hostAndPort(socket);
  return block(`upstream ${nginxNames(deployment).upstream}`, [
    `server ${nginxWord(address)};`,
    `keepalive ${IDLE_CONNECTIONS}; # Keeps connections open, together with fastcgi_keep_conn below.`,
  ]);
}

/** The folder of the files below the mount. */
export function rootDirectives({ root, links, mount }: Deployment): string[] {
  if (root === undefined) return [];
  return [
    mount === "" ? `root ${nginxWord(root)};` : `alias ${nginxWord(`${root}/`)};`,
    ...(links === "followed"
      ? []
      : [
          "# A symbolic link could lead to a protected file, or out of the root.",
          "disable_symlinks on from=$document_root;",
        ]),
  ];
}

/** Limits and buffers. */
export function transportDirectives({ maxBodyBytes, timeout }: Deployment): string[] {
  return [
    "# Redirects have no host and port, because the client may use others.",
    "absolute_redirect off;",
    `client_max_body_size ${maxBodyBytes};`,
    `fastcgi_read_timeout ${timeout}s;`,
    `fastcgi_send_timeout ${timeout}s;`,
    "fastcgi_keep_conn on;",
    "# The application's headers, at most 8 KiB, can exceed nginx's default buffer.",
    "fastcgi_buffer_size 16k;",
    "fastcgi_buffers 8 16k;",
  ];
}
