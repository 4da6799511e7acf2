import { ConfigurationError } from "../errors.js";
import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import type { Deployment } from "./deployment.js";
import { commonNotes, needsOf } from "./plan/needs.js";
import { literalRegex } from "./plan/path-regex.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { indented, textOf } from "./text.js";

/** Generates the configuration of HAProxy 2.6 or newer. */
export function haproxy(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment, protect } = plan;
  const { name, part } = deployment;
  const sections = [
    ...defaults(deployment),
    ...frontend(deployment),
    ...backend(deployment),
    ...fcgiApp(deployment),
  ];
  const notes = [...commonNotes(plan), ...haproxyNotes(plan)];
  const shared = {
    needs: needsOf(plan, { inProcess: protect.length > 0, sendsMount: true }),
    notes,
    folders: [],
    isTested: true,
  };
  if (part === "site") {
    const file = `/etc/haproxy/${name}.cfg`;
    return {
      ...shared,
      files: [
        {
          name: file,
          text: textOf([
            `# ${name} behind HAProxy.`,
            ...haproxySection("global", EXPERIMENTAL_OPTIONS),
            ...sections,
          ]),
        },
      ],
      check: `haproxy -c -f /etc/haproxy/haproxy.cfg -f ${file}`,
      run: `haproxy -f /etc/haproxy/haproxy.cfg -f ${file}`,
    };
  }
  return {
    ...shared,
    files: [
      {
        name: "haproxy.cfg",
        text: textOf([`# HAProxy in front of ${name}.`, ...global(deployment), ...sections]),
      },
    ],
    check: "haproxy -c -f haproxy.cfg",
    run: "haproxy -f haproxy.cfg",
  };
}

function haproxyNotes({ protect, deployment }: RoutingPlan): string[] {
  return [
    ...(deployment.haproxy.connections === "multiplexed"
      ? [
          "HAProxy 2.6.12 answers some requests with 500 during uploads on the same connection; kept connections lose none.",
        ]
      : []),
    ...(deployment.root === undefined
      ? []
      : ["HAProxy serves no files: only the application can serve those below root."]),
    ...(protect.length === 0
      ? []
      : ["HAProxy cannot ask an authorizer: without inProcess, protected paths are public."]),
  ];
}

function global({ webServerUser, webServerGroup, state }: Deployment): string[] {
  // Only root can run as another user.
  const user = webServerUser ?? (state === undefined ? "haproxy" : undefined);
  return haproxySection("global", [
    ...(user === undefined ? [] : [`user ${haproxyWord(user)}`, `group ${haproxyWord(webServerGroup)}`]),
    "log stderr format raw local0 notice",
    ...EXPERIMENTAL_OPTIONS,
  ]);
}

const EXPERIMENTAL_OPTIONS = [
  "# For normalize-uri, which is experimental in 2.6 and 3.x.",
  "expose-experimental-directives",
];

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

/** Settings of both sides. */
function defaults({ name }: Deployment): string[] {
  return haproxySection(`defaults ${name}`, [
    "mode http",
    "log global",
    "# Aborts the application's request if the client disconnects. The frontend uses it only in this section.",
    "option abortonclose",
  ]);
}

/** The HTTP side. */
function frontend({ name, bind, port, mount, timeout, maxBodyBytes }: Deployment): string[] {
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : (bind ?? "*");
  return haproxySection(`frontend ${name} from ${name}`, [
    `bind ${haproxyWord(`${host}:${port}`)}`,
    `timeout client ${timeout}s`,
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
    `default_backend ${name}`,
  ]);
}

function backend({ name, listen, timeout, haproxy }: Deployment): string[] {
  const socket = applicationSocket(listen);
  const address = socket.kind === "unix" ? `unix@${socket.path}` : hostAndPort(socket);
  return haproxySection(`backend ${name} from ${name}`, [
    "timeout connect 5s",
    `timeout server ${timeout}s`,
    ...(haproxy.connections === "closed"
      ? []
      : ["# New clients use existing connections.", "http-reuse always"]),
    `use-fcgi-app ${name}`,
    `server ${name} ${haproxyWord(address)} proto fcgi`,
  ]);
}

/** The FastCGI side. */
function fcgiApp(deployment: Deployment): string[] {
  const { name, root, mount } = deployment;
  return haproxySection(`fcgi-app ${name}`, [
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

function haproxySection(head: string, lines: readonly string[]): string[] {
  return ["", head, ...indented(lines)];
}

/**
 * Formats a literal word of HAProxy's configuration, in single quotes if necessary. Nothing is special in them.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if the word has a single quote or a control character
 */
function haproxyWord(word: string): string {
  if (/[\p{Cc}\p{Cs}']/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for HAProxy: it has a control character or a quote`,
    );
  }
  return /^[\w./:@+~=*-]+$/.test(word) ? word : `'${word}'`;
}
