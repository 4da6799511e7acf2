import type { Configuration, ConfigurationPart, ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { ownName, requirePart } from "../plan/own-name.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { shellWord } from "../program.js";
import { isBalanced } from "../upstreams.js";
import { textOf } from "../text.js";
import { connectionRules, fcgiApp, requestRules } from "./haproxy-application.js";
import { haproxySection, haproxyWord } from "./haproxy-text.js";

/** Generates the configuration of HAProxy 2.6 or newer. */
export function haproxy(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment, protect } = plan;
  return {
    ...(deployment.part === "whole" ? mainFile(deployment) : sitePart(deployment)),
    needs: needsOf(plan, { inProcess: protect.length > 0, sendsMount: true }),
    notes: [...commonNotes(plan), ...haproxyNotes(plan)],
    isTested: true,
  };
}

/** A complete file with which HAProxy can be started. */
function mainFile(deployment: Deployment): ConfigurationPart {
  const { name } = deployment;
  const lines = [
    `# HAProxy in front of ${name}.`,
    ...global(deployment),
    ...defaults(deployment),
    ...frontend(deployment),
    ...haproxySection(`backend ${name} from ${name}`, connectionRules(deployment, name)),
    ...fcgiApp(deployment, name),
  ];
  const join = joinCommand(deployment);
  return {
    files: [{ name: "haproxy.cfg", text: textOf(lines) }],
    check: "haproxy -c -f haproxy.cfg",
    run: "haproxy -f haproxy.cfg",
    folders: isBalanced(deployment) && deployment.state !== undefined ? [deployment.state] : [],
    ...(join !== undefined && { before: join }),
  };
}

/**
 * A file with the backend of the application. Its rules are in the backend, so that they change no other request. It has no
 * `defaults`, which would change sections of files that are read later.
 */
function sitePart(deployment: Deployment): ConfigurationPart {
  const { name, mount } = deployment;
  requirePart(deployment, "HAProxy");
  const own = ownName(deployment);
  const path = `/etc/haproxy/${own}.cfg`;
  const lines = [
    `# ${name} at ${mount}, behind a frontend of HAProxy.`,
    ...haproxySection("global", EXPERIMENTAL_OPTIONS),
    ...haproxySection(`backend ${own}`, [
      "mode http",
      "# Aborts the application's request if the client disconnects.",
      "option abortonclose",
      ...requestRules(deployment),
      ...connectionRules(deployment, own),
    ]),
    ...fcgiApp(deployment, own),
  ];
  return {
    files: [{ name: path, text: textOf(lines) }],
    additions: [
      {
        line: `use_backend ${own} if { path ${haproxyWord(mount)} } or { path_beg ${haproxyWord(`${mount}/`)} }`,
        place: "in the frontend of the site, before its other use_backend lines",
      },
      {
        line: `CONFIG="/etc/haproxy/haproxy.cfg -f ${path}"`,
        place: "in /etc/default/haproxy, because HAProxy reads no file that another one names",
      },
    ],
    check: `haproxy -c -f /etc/haproxy/haproxy.cfg -f ${path}`,
    run: "systemctl restart haproxy",
    folders: [],
  };
}

function haproxyNotes({ protect, deployment }: RoutingPlan): string[] {
  return [
    ...(deployment.part === "into"
      ? [
          `The frontend keeps its own "timeout client", which must be at least ${deployment.timeout}s for the application; and without ` +
            '"option abortonclose" in its defaults, the application learns late that a client has disconnected.',
        ]
      : []),
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

function global(deployment: Deployment): string[] {
  const { webServerUser, webServerGroup, state } = deployment;
  // Only root can run as another user.
  const user = webServerUser ?? (state === undefined ? "haproxy" : undefined);
  return haproxySection("global", [
    ...(user === undefined ? [] : [`user ${haproxyWord(user)}`, `group ${haproxyWord(webServerGroup)}`]),
    "log stderr format raw local0 notice",
    ...(isBalanced(deployment) ? controlSocket(deployment) : []),
    ...EXPERIMENTAL_OPTIONS,
  ]);
}

/** The socket by which a host is drained at run time. */
function controlSocket({ name, state }: Deployment): string[] {
  const socket = `${state ?? "/run/haproxy"}/admin.sock`;
  return [
    `# echo "set server ${name}/HOST state drain" | socat - ${socket}`,
    "# takes new requests from a host, and those that it has go on; state ready gives them back.",
    `stats socket ${haproxyWord(socket)} mode 600 level admin`,
  ];
}

const EXPERIMENTAL_OPTIONS = [
  "# For normalize-uri, which is experimental in 2.6 and 3.x.",
  "expose-experimental-directives",
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
function frontend(deployment: Deployment): string[] {
  const { name, port, timeout } = deployment;
  return haproxySection(`frontend ${name} from ${name}`, [
    ...httpsRules(deployment, `bind ${haproxyWord(bindAddress(deployment, port))}`),
    `timeout client ${timeout}s`,
    ...requestRules(deployment),
    `default_backend ${name}`,
  ]);
}

/** Where the frontend listens, and what it redirects to HTTPS. */
function httpsRules(deployment: Deployment, bind: string): string[] {
  const { port, tls } = deployment;
  if (tls.certificate === undefined) return [bind];
  const location =
    port === 443
      ? "https://%[req.hdr(host),field(1,:)]%[capture.req.uri]"
      : `https://%[req.hdr(host),field(1,:)]:${port}%[capture.req.uri]`;
  return [
    `${bind} ssl crt ${haproxyWord(certificateFile(deployment))} alpn h2,http/1.1 ssl-min-ver TLSv1.2`,
    `bind ${haproxyWord(bindAddress(deployment, tls.redirectFrom))}`,
    `http-request redirect location ${location} code 308 unless { ssl_fc }`,
    "# Browsers then use only HTTPS for this name, for a year. It cannot be taken back.",
    '# http-response set-header Strict-Transport-Security "max-age=31536000"',
  ];
}

/** HAProxy 2.6 wants the certificate and its key in one file. */
function certificateFile({ name, state, tls }: Deployment): string {
  return tls.key === undefined ? tls.certificate! : `${state ?? "/etc/haproxy"}/${name}.pem`;
}

/** Joins the certificate and its key; undefined if they are joined, or there are none. */
function joinCommand(deployment: Deployment): string | undefined {
  const { certificate, key } = deployment.tls;
  if (certificate === undefined || key === undefined) return undefined;
  const words = [certificate, key].map(shellWord).join(" ");
  return `(umask 077; cat ${words} > ${shellWord(certificateFile(deployment))})`;
}

function bindAddress({ bind }: Deployment, port: number): string {
  const host = bind?.includes(":") === true && !bind.startsWith("[") ? `[${bind}]` : (bind ?? "*");
  return `${host}:${port}`;
}
