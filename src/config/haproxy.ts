import { ConfigurationError } from "../errors.js";
import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import type { Deployment } from "./deployment.js";
import { commonNotes, needsOf } from "./plan/needs.js";
import { literalRegex } from "./plan/path-regex.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { indented, textOf } from "./text.js";

/** Writes the configuration of HAProxy, 2.6 or newer. */
export function haproxy(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment, protect } = plan;
  const { name, part } = deployment;
  const sections = [
    ...defaults(deployment),
    ...frontend(deployment),
    ...backend(deployment),
    ...application(deployment),
  ];
  const notes = [...commonNotes(plan), ...notesOf(plan)];
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
          text: textOf([`# ${name} behind HAProxy.`, ...section("global", EXPERIMENTAL), ...sections]),
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

function notesOf({ protect, deployment }: RoutingPlan): string[] {
  return [
    ...(deployment.haproxy.connections === "multiplexed"
      ? [
          "HAProxy 2.6.12 answers some requests with 500 where others upload on the same connection; kept loses none.",
        ]
      : []),
    ...(deployment.root === undefined
      ? []
      : ["HAProxy serves no files: those below root are served where the application itself does it."]),
    ...(protect.length === 0
      ? []
      : ["HAProxy cannot ask an authorizer: without inProcess everything protected is open to everybody."]),
  ];
}

function global({ webServerUser, webServerGroup, state }: Deployment): string[] {
  // Nobody but root may run as another user.
  const user = webServerUser ?? (state === undefined ? "haproxy" : undefined);
  return section("global", [
    ...(user === undefined ? [] : [`user ${quoted(user)}`, `group ${quoted(webServerGroup)}`]),
    "log stderr format raw local0 notice",
    ...EXPERIMENTAL,
  ]);
}

const EXPERIMENTAL = [
  "# normalize-uri is one of these, in 2.6 and in 3.x.",
  "expose-experimental-directives",
];

/**
 * HAProxy compares a path as the client wrote it: `path_beg /books` is no "//books" and no "/x/%2e%2e/books", which both are
 * "/books" to the application. The dots are resolved when they are decoded, and when no empty segment is left to count.
 */
const PLAIN_PATH = [
  "# What is compared with a path below, and what the application is told, has no empty and no dot segments.",
  "http-request normalize-uri percent-decode-unreserved",
  "http-request normalize-uri path-merge-slashes",
  "http-request normalize-uri path-strip-dot",
  "http-request normalize-uri path-strip-dotdot",
];

/** What holds of both sides. */
function defaults({ name }: Deployment): string[] {
  return section(`defaults ${name}`, [
    "mode http",
    "log global",
    "# A client that leaves is told to the application. Only here it counts for the side that sees it leave.",
    "option abortonclose",
  ]);
}

/** HTTP in front. */
function frontend({ name, bind, port, mount, timeout, maxBodyBytes }: Deployment): string[] {
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : (bind ?? "*");
  return section(`frontend ${name} from ${name}`, [
    `bind ${quoted(`${host}:${port}`)}`,
    `timeout client ${timeout}s`,
    "# A body of no announced length is only taken where it fits into a buffer.",
    `http-request deny deny_status 413 if { req.body_size gt ${maxBodyBytes} }`,
    "# Programs take a client's Proxy for their own proxy, and X_User for X-User (CVE-2016-5385).",
    "http-request del-header Proxy",
    "http-request del-header _ -m sub",
    ...PLAIN_PATH,
    ...(mount === ""
      ? []
      : [
          "# The mount itself is its root.",
          `http-request set-path ${quoted(`${mount}/`)} if { path ${quoted(mount)} }`,
          `http-request deny deny_status 404 unless { path_beg ${quoted(`${mount}/`)} }`,
        ]),
    `default_backend ${name}`,
  ]);
}

function backend({ name, listen, timeout, haproxy }: Deployment): string[] {
  const socket = applicationSocket(listen);
  const address = socket.kind === "unix" ? `unix@${socket.path}` : hostAndPort(socket);
  return section(`backend ${name} from ${name}`, [
    "timeout connect 5s",
    `timeout server ${timeout}s`,
    ...(haproxy.connections === "closed"
      ? []
      : ["# A client that is new need not wait for a connection of its own.", "http-reuse always"]),
    `use-fcgi-app ${name}`,
    `server ${name} ${quoted(address)} proto fcgi`,
  ]);
}

/** FastCGI behind. */
function application(deployment: Deployment): string[] {
  const { name, root, mount } = deployment;
  return section(`fcgi-app ${name}`, [
    "# It has to be named. No file of it is read.",
    `docroot ${quoted(root ?? "/nonexistent")}`,
    ...(mount === ""
      ? []
      : [
          "# Where the application is mounted.",
          `path-info ${quoted(String.raw`^(${literalRegex(mount)})(/.*)$`)}`,
        ]),
    ...connections(deployment),
    "# HAProxy would keep it to itself.",
    "pass-header Authorization",
    "# HAProxy takes both from the client and checks no password; what is empty is not sent.",
    "set-param REMOTE_USER '%[str()]'",
    "set-param AUTH_TYPE '%[str()]'",
    "# What the application writes to its standard error.",
    "log-stderr global",
  ]);
}

/** How connections to the application are used. */
function connections({ haproxy }: Deployment): string[] {
  switch (haproxy.connections) {
    case "closed":
      return ["# One connection for each request.", "no option keep-conn"];
    case "kept":
      return ["# Connections are kept, for one request at a time.", "option keep-conn"];
    case "multiplexed":
      return [
        "# Many requests at once on each connection, as many as the application says that it takes.",
        ...LOSSES,
        "option get-values",
        "option mpxs-conns",
        `option max-reqs ${STREAMS}`,
      ];
  }
}

/**
 * Seen with 2.6.12 and 120 requests a second, two in five of them uploads of up to 60 KB: of 1,500 up to 10, and none with kept
 * connections. Each was begun (FCGI_BEGIN_REQUEST) and aborted at once, without FCGI_PARAMS, and before the application had sent
 * anything for it.
 */
const LOSSES = [
  "# HAProxy 2.6.12 answers some with 500 by itself, where others upload on the same connection: it begins such a request,",
  '# does not send its params, and logs it as "IH--". "kept" has no such losses.',
];

/** Requests on one connection, where the application takes so many; its own default. */
const STREAMS = 100;

function section(head: string, lines: readonly string[]): string[] {
  return ["", head, ...indented(lines)];
}

/**
 * A word of HAProxy's configuration that stands for itself. Between single quotes nothing has a meaning.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for what would end the quotes or the line
 */
function quoted(word: string): string {
  if (/[\p{Cc}\p{Cs}']/u.test(word)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot write ${JSON.stringify(word)} for HAProxy: it has a control character or a quote`,
    );
  }
  return /^[\w./:@+~=*-]+$/.test(word) ? word : `'${word}'`;
}
