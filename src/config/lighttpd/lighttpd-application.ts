import { applicationSocket, onlyUpstream } from "../application-socket.js";
import { requireScgi } from "../plan/require-scgi.js";
import type { Deployment } from "../deployment.js";
import { ownName, ownVariable } from "../plan/own-name.js";
import { lighttpdString } from "./lighttpd-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf, type Program } from "../program.js";
import { block, paragraph } from "../text.js";

/** The directives of fastcgi.server or scgi.server, or of a plain CGI program, for the application. */
export interface LighttpdApplication {
  readonly modules: readonly string[];
  /** Definitions outside of all conditions. */
  readonly lines: readonly string[];
  /** Lines that send paths with a prefix, "/app" or "/", to a responder. */
  readonly respond: (key: string) => readonly string[];
  /** Lines that ask an authorizer first, and then the responder. */
  readonly askAndRespond: (key: string) => readonly string[];
  /** Lines that ask an authorizer before files are served. */
  readonly ask: readonly string[];
  readonly program?: Program;
}

/**
 * The directives with which lighttpd connects to or starts the application.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for what mod_scgi cannot do
 */
export function lighttpdApplication(plan: RoutingPlan): LighttpdApplication {
  requireScgi(plan, {
    server: "lighttpd",
    isConnected: plan.deployment.lighttpd.responder === "connect",
    connect: "lighttpd.responder connect",
  });
  switch (plan.deployment.lighttpd.responder) {
    case "connect":
      return gateway(plan, { hosts: [socketMembers(plan.deployment)], lines: [], roles: rolesOf(plan) });
    case "spawn":
      return spawn(plan);
    case "cgi":
      return cgi(plan);
  }
}

type FastCgiRole = "authorizer" | "responder";

function rolesOf({ protect }: RoutingPlan): readonly FastCgiRole[] {
  return protect.length === 0 ? ["responder"] : ["authorizer", "responder"];
}

interface GatewayOptions {
  /** The members of each host entry, one per process. */
  readonly hosts: readonly (readonly string[])[];
  /** The roles of the application. */
  readonly roles: readonly FastCgiRole[];
  readonly lines: readonly string[];
  readonly program?: Program;
}

function gateway(
  { deployment }: RoutingPlan,
  { hosts, roles, lines, program }: GatewayOptions,
): LighttpdApplication {
  const module = deployment.protocol;
  const prefix = `var.${variablePrefix(deployment)}`;
  const names = hosts.map((_, index) => (hosts.length === 1 ? "" : `_${index}`));
  const authorizers = names.map((name) => `${prefix}_authorizer${name}`);
  const responders = names.map((name) => `${prefix}_responder${name}`);
  const respond = (key: string): string => `${lighttpdString(key)} => (${responders.join(", ")})`;
  const ask = `"/" => (${authorizers.join(", ")})`;
  return {
    modules: [`mod_${module}`],
    lines: [
      ...lines,
      ...paragraph(
        [
          "The application, which lighttpd asks before it looks for files.",
          ...(roles.includes("authorizer")
            ? [
                'The authorizer has no "docroot": with one, lighttpd would look for a file afterwards and never ask a responder.',
              ]
            : []),
        ],
        hosts.flatMap((host, index) =>
          roles.map((role) =>
            role === "authorizer"
              ? definition(authorizers[index]!, [
                  ...host,
                  ...hostOptions(deployment),
                  '"mode" => "authorizer"',
                ])
              : definition(responders[index]!, [
                  ...host,
                  ...hostOptions(deployment),
                  ...sendfileOptions(deployment).map(
                    ([name, value]) => `${lighttpdString(name)} => ${value}`,
                  ),
                  '"fix-root-scriptname" => "enable"',
                ]),
          ),
        ),
      ),
    ],
    ask: [`${module}.server = (${ask})`],
    respond: (key) => [`${module}.server = (${respond(key)})`],
    // lighttpd distinguishes authorizers and responders, even if they share a key.
    askAndRespond: (key) => [
      key === "/"
        ? `${module}.server = ("/" => (${[...authorizers, ...responders].join(", ")}))`
        : `${module}.server = (${ask}, ${respond(key)})`,
    ],
    ...(program && { program }),
  };
}

/** The start of the names of variables, which conditions do not scope. */
function variablePrefix(deployment: Deployment): string {
  return deployment.part === "whole" ? deployment.name.replaceAll("-", "_") : ownVariable(deployment);
}

function definition(name: string, members: readonly string[]): string {
  return `${name} = (${members.join(", ")})`;
}

function hostOptions({ timeout }: Deployment): string[] {
  return [
    '"check-local" => "disable"',
    // By default, lighttpd waits forever.
    `"read-timeout" => ${timeout}`,
    `"write-timeout" => ${timeout}`,
  ];
}

/** The options for sendfile(): the folder of the files, with a trailing slash. */
function sendfileOptions({ lighttpd }: Deployment): (readonly [name: string, value: string])[] {
  if (lighttpd.sendfile === undefined) return [];
  const folder = lighttpd.sendfile.replace(/\/*$/, "/");
  return [
    ["x-sendfile", '"enable"'],
    ["x-sendfile-docroot", `(${lighttpdString(folder)})`],
  ];
}

function socketMembers(deployment: Deployment): string[] {
  const socket = applicationSocket(onlyUpstream(deployment));
  return socket.kind === "unix"
    ? [`"socket" => ${lighttpdString(socket.path)}`]
    : [`"host" => ${lighttpdString(socket.host)}`, `"port" => ${socket.port}`];
}

/**
 * lighttpd starts the processes of one fastcgi.server, which answers no request; the conditions use the sockets of these processes.
 * Every entry with "bin-path" would start its own processes.
 */
function spawn(plan: RoutingPlan): LighttpdApplication {
  const { deployment } = plan;
  const { state, lighttpd, part } = deployment;
  const name = part === "whole" ? deployment.name : ownName(deployment);
  const program = programOf(deployment, "lighttpd");
  const socket = `${state ?? "/run/lighttpd"}/${name}.sock`;
  const sockets = Array.from({ length: lighttpd.processes }, (_, index) => `${socket}-${index}`);
  return gateway(plan, {
    roles: rolesOf(plan),
    hosts: sockets.map((path) => [`"socket" => ${lighttpdString(path)}`]),
    program,
    lines: paragraph(
      ["lighttpd starts the application and numbers its sockets."],
      // No request matches an empty path: the processes are there, and answer nothing else.
      block(`$HTTP["url"] == ""`, [
        `fastcgi.server = ("/" => ((${[
          `"socket" => ${lighttpdString(socket)}`,
          `"bin-path" => ${lighttpdString(program.path)}`,
          `"min-procs" => ${lighttpd.processes}`,
          `"max-procs" => ${lighttpd.processes}`,
          '"check-local" => "disable"',
        ].join(", ")})))`,
      ]),
    ),
  });
}

/** A program per request. Authorizers are connected to: lighttpd does not ask them by CGI. */
function cgi(plan: RoutingPlan): LighttpdApplication {
  const { deployment } = plan;
  const program = programOf(deployment, "mod_cgi");
  const authorizers = gateway(plan, { hosts: [socketMembers(deployment)], lines: [], roles: ["authorizer"] });
  const asks = rolesOf(plan).includes("authorizer");
  const respond = (key: string): string[] => [
    `alias.url = (${lighttpdString(key === "/" ? "" : key)} => ${lighttpdString(program.path)})`,
    'cgi.assign = ("" => "")',
    `cgi.limits = ("read-timeout" => ${deployment.timeout}, "write-timeout" => ${deployment.timeout})`,
    ...sendfileOptions(deployment).map(([name, value]) => `cgi.${name} = ${value}`),
  ];
  return {
    modules: [...(asks ? authorizers.modules : []), "mod_alias", "mod_cgi"],
    lines: asks ? authorizers.lines : [],
    ask: authorizers.ask,
    respond,
    // The surrounding condition has the responder.
    askAndRespond: () => authorizers.ask,
    program,
  };
}
