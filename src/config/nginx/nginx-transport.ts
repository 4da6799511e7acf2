import type { Deployment } from "../deployment.js";
import { block } from "../text.js";
import { isBalanced, upstreamsOf } from "../upstreams.js";
import { affinityMap, balancedServers, retryDirectives } from "./nginx-balance.js";
import { nginxNames } from "./nginx-names.js";
import { nginxWord } from "./nginx-text.js";

/** Idle connections to each upstream that each worker keeps open. */
const IDLE_CONNECTIONS = 16;

/** The application, as nginx connects to it. */
export function upstreamBlock(deployment: Deployment): string[] {
  const { upstream } = nginxNames(deployment);
  const servers = isBalanced(deployment)
    ? balancedServers(deployment)
    : upstreamsOf(deployment).map(({ address }) => `server ${nginxWord(address)};`);
  const idle = IDLE_CONNECTIONS * deployment.upstream.length;
  return [
    ...affinityMap(deployment),
    ...block(`upstream ${upstream}`, [
      ...servers,
      `keepalive ${idle}; # Keeps connections open, together with fastcgi_keep_conn below.`,
    ]),
  ];
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
export function transportDirectives(deployment: Deployment): string[] {
  const { maxBodyBytes, timeout } = deployment;
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
    ...(isBalanced(deployment) ? retryDirectives(deployment) : []),
  ];
}
