import type { Deployment } from "../deployment.js";
import { block } from "../text.js";
import { AFFINITY_REASON, upstreamsOf } from "../upstreams.js";
import { nginxNames } from "./nginx-names.js";
import { nginxRegex, nginxWord } from "./nginx-text.js";

/** A refused connection takes a few milliseconds, so only a host that fails several times in a row is left alone. */
const FAILURES = "max_fails=3 fail_timeout=10s";

/** The upstreams, and how nginx selects one for each request. */
export function balancedServers(deployment: Deployment): string[] {
  const { affinity } = deployment;
  const { upstream, affinity: key } = nginxNames(deployment);
  return [
    "# What nginx knows of the hosts, for all of its workers.",
    `zone ${nginxWord(upstream)} 512k;`,
    ...(affinity === undefined
      ? [
          "# The one with fewer active requests of two random ones. Taking turns would fill a host that has slow requests or streams.",
          "random two least_conn;",
        ]
      : [...AFFINITY_REASON.map((line) => `# ${line}`), `hash ${key} consistent;`]),
    "# A host that fails three times gets no requests for 10 s. nginx itself asks no host whether it is alive. To drain one, add",
    '# "down" to its line and reload nginx: it gets no new requests, and those that it has go on.',
    ...upstreamsOf(deployment).map(
      ({ address, isDrained }) => `server ${nginxWord(address)} ${FAILURES}${isDrained ? " down" : ""};`,
    ),
  ];
}

/** The key of the affinity, outside of the upstream. A request without one goes to any host. */
export function affinityMap(deployment: Deployment): string[] {
  const { affinity } = deployment;
  if (affinity === undefined) return [];
  const { affinity: key } = nginxNames(deployment);
  const cookie = affinity === "user" ? undefined : affinity.slice("cookie:".length);
  const lines =
    cookie === undefined
      ? ['"" $request_id;', "default $remote_user;"]
      : [
          "default $request_id;",
          // $cookie_NAME is only for names that could be a variable's.
          `${nginxRegex(`~(?:^|; *)${cookie.replaceAll(".", String.raw`\.`)}=(?<affinity_value>[^;]+)`)} $affinity_value;`,
        ];
  const comment =
    cookie === undefined
      ? "Requests of the same user go to the same host, and others to any. The password is not checked here."
      : `Requests with the same value of the cookie ${cookie} go to the same host, and those without it to any.`;
  const head = `map ${cookie === undefined ? "$remote_user" : "$http_cookie"} ${key}`;
  return [`# ${comment}`, ...block(head, lines)];
}

/** Which requests nginx repeats on another host. */
export function retryDirectives({ upstream, timeout }: Deployment): string[] {
  return [
    "# A request is repeated on another host only if it did not reach the first one, or if it may be repeated: never a POST that",
    "# was sent, for which non_idempotent would be needed. An authorizer's question may be; without an answer it is a denial.",
    "fastcgi_next_upstream error timeout;",
    `fastcgi_next_upstream_tries ${Math.min(upstream.length, 3)};`,
    `fastcgi_next_upstream_timeout ${Math.min(timeout, 10)}s;`,
    "fastcgi_connect_timeout 3s;",
  ];
}
