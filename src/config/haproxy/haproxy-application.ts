import type { Deployment } from "../deployment.js";
import { literalRegex } from "../plan/path-regex.js";
import { isBalanced } from "../upstreams.js";
import { balanceRules, haproxyServers } from "./haproxy-balance.js";
import { haproxySection, haproxyWord } from "./haproxy-text.js";

/**
 * HAProxy compares the path as the client wrote it: `path_beg /books` matches neither "//books" nor "/x/%2e%2e/books", which are both
 * "/books" to the application. Dot segments are removed last, after decoding and after removing empty segments.
 */
const NORMALIZE_PATH = [
  "# Conditions below, and the application, get a path without empty and dot segments.",
  "http-request normalize-uri percent-decode-unreserved",
  "http-request normalize-uri path-merge-slashes",
  "http-request normalize-uri path-strip-dot",
  "http-request normalize-uri path-strip-dotdot",
];

/** What happens to each request of the application, in a frontend or a backend. */
export function requestRules({ mount, maxBodyBytes }: Deployment): string[] {
  return [
    "# A body without an announced length must fit into a buffer.",
    `http-request deny deny_status 413 if { req.body_size gt ${maxBodyBytes} }`,
    "# Programs use a client's Proxy header as their own proxy (CVE-2016-5385), and cannot tell X_User from X-User.",
    "http-request del-header Proxy",
    "http-request del-header _ -m sub",
    ...NORMALIZE_PATH,
    ...(mount === ""
      ? []
      : [
          "# The mount without a slash.",
          `http-request set-path ${haproxyWord(`${mount}/`)} if { path ${haproxyWord(mount)} }`,
          `http-request deny deny_status 404 unless { path_beg ${haproxyWord(`${mount}/`)} }`,
        ]),
  ];
}

/** How a backend connects to the application. */
export function connectionRules(deployment: Deployment, application: string): string[] {
  const { timeout, haproxy } = deployment;
  return [
    `timeout connect ${isBalanced(deployment) ? 3 : 5}s`,
    `timeout server ${timeout}s`,
    ...(haproxy.connections === "closed"
      ? []
      : ["# New clients use existing connections.", "http-reuse always"]),
    `use-fcgi-app ${application}`,
    ...(isBalanced(deployment) ? balanceRules(deployment) : []),
    ...haproxyServers(deployment, application),
  ];
}

/** The FastCGI side. */
export function fcgiApp(deployment: Deployment, application: string): string[] {
  const { root, mount } = deployment;
  return haproxySection(`fcgi-app ${application}`, [
    "# Required. HAProxy reads no files from it.",
    `docroot ${haproxyWord(root ?? "/nonexistent")}`,
    ...(mount === ""
      ? []
      : [
          "# The mount of the application.",
          `path-info ${haproxyWord(String.raw`^(${literalRegex(mount)})(/.*)$`)}`,
        ]),
    ...connectionOptions(deployment),
    "# By default, HAProxy does not pass it on.",
    "pass-header Authorization",
    "# HAProxy copies both from the client without checking a password. Empty values are not sent.",
    "set-param REMOTE_USER '%[str()]'",
    "set-param AUTH_TYPE '%[str()]'",
    "# Logs FCGI_STDERR.",
    "log-stderr global",
  ]);
}

/** The use of connections to the application. */
function connectionOptions({ haproxy }: Deployment): string[] {
  switch (haproxy.connections) {
    case "closed":
      return ["# One connection per request.", "no option keep-conn"];
    case "kept":
      return ["# Connections are kept, with one request at a time on each.", "option keep-conn"];
    case "multiplexed":
      return [
        "# Many concurrent requests on each connection, up to the application's FCGI_MAX_REQS.",
        ...MULTIPLEXING_WARNING,
        "option get-values",
        "option mpxs-conns",
        `option max-reqs ${MAX_REQUESTS}`,
      ];
  }
}

/**
 * Seen with 2.6.12 at 120 requests a second, two in five of them uploads of up to 60 KB: up to 10 of 1,500 requests, and none with
 * kept connections. HAProxy began each (FCGI_BEGIN_REQUEST) and aborted it at once, without FCGI_PARAMS and before any response.
 */
const MULTIPLEXING_WARNING = [
  "# HAProxy 2.6.12 answers some requests with 500 during uploads on the same connection: it begins such a request, does not",
  '# send its params, and logs "IH--". Kept connections lose no requests.',
];

/** The maximum number of concurrent requests on one connection, HAProxy's default. The application may allow fewer. */
const MAX_REQUESTS = 100;
