import { applicationSocket } from "../application-socket.js";
import type { Deployment } from "../deployment.js";
import { quoted } from "./lighttpd-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf, type Program } from "../program.js";
import { paragraph } from "../text.js";

/** What stands in fastcgi.server, or in its place, for the application. */
export interface LighttpdApplication {
  readonly modules: readonly string[];
  /** Definitions at the top. */
  readonly lines: readonly string[];
  /** Lines that have a responder asked for paths that begin with a key, "/app" or "/". */
  readonly respond: (key: string) => readonly string[];
  /** Lines that have an authorizer asked first, and then the responder. */
  readonly askAndRespond: (key: string) => readonly string[];
  /** Lines that have an authorizer asked before files are served. */
  readonly ask: readonly string[];
  readonly program?: Program;
}

/** How lighttpd reaches or starts the application. */
export function lighttpdApplication(plan: RoutingPlan): LighttpdApplication {
  switch (plan.deployment.lighttpd.responder) {
    case "connect":
      return fastCgi(plan, { hosts: [socketOf(plan.deployment)], lines: [], roles: rolesOf(plan) });
    case "spawn":
      return spawned(plan);
    case "cgi":
      return cgi(plan);
  }
}

type FastCgiRole = "authorizer" | "responder";

function rolesOf({ protect }: RoutingPlan): readonly FastCgiRole[] {
  return protect.length === 0 ? ["responder"] : ["authorizer", "responder"];
}

interface Hosts {
  /** The members of each process that answers. */
  readonly hosts: readonly (readonly string[])[];
  /** What they are asked as. */
  readonly roles: readonly FastCgiRole[];
  readonly lines: readonly string[];
  readonly program?: Program;
}

function fastCgi({ deployment }: RoutingPlan, { hosts, roles, lines, program }: Hosts): LighttpdApplication {
  const prefix = `var.${deployment.name.replaceAll("-", "_")}`;
  const names = hosts.map((_, index) => (hosts.length === 1 ? "" : `_${index}`));
  const authorizers = names.map((name) => `${prefix}_authorizer${name}`);
  const responders = names.map((name) => `${prefix}_responder${name}`);
  const answer = (key: string): string => `${quoted(key)} => (${responders.join(", ")})`;
  const ask = `"/" => (${authorizers.join(", ")})`;
  return {
    modules: ["mod_fastcgi"],
    lines: [
      ...lines,
      ...paragraph(
        [
          "The application, which is asked before anything is looked for on the disk.",
          ...(roles.includes("authorizer")
            ? [
                'As an authorizer it has no "docroot": with one lighttpd would look for a file behind it and never ask a responder.',
              ]
            : []),
        ],
        hosts.flatMap((host, index) =>
          roles.map((role) =>
            role === "authorizer"
              ? definition(authorizers[index]!, [...host, ...common(deployment), '"mode" => "authorizer"'])
              : definition(responders[index]!, [
                  ...host,
                  ...common(deployment),
                  ...sendfile(deployment).map(([name, value]) => `${quoted(name)} => ${value}`),
                  '"fix-root-scriptname" => "enable"',
                ]),
          ),
        ),
      ),
    ],
    ask: [`fastcgi.server = (${ask})`],
    respond: (key) => [`fastcgi.server = (${answer(key)})`],
    // lighttpd keeps authorizers and responders apart, also where both have one key.
    askAndRespond: (key) => [
      key === "/"
        ? `fastcgi.server = ("/" => (${[...authorizers, ...responders].join(", ")}))`
        : `fastcgi.server = (${ask}, ${answer(key)})`,
    ],
    ...(program && { program }),
  };
}

function definition(name: string, members: readonly string[]): string {
  return `${name} = (${members.join(", ")})`;
}

function common({ timeout }: Deployment): string[] {
  return [
    '"check-local" => "disable"',
    // lighttpd itself would wait for ever.
    `"read-timeout" => ${timeout}`,
    `"write-timeout" => ${timeout}`,
  ];
}

/** What lighttpd is told of files that the application names: the folder that they lie in, with a slash at its end. */
function sendfile({ lighttpd }: Deployment): (readonly [name: string, value: string])[] {
  if (lighttpd.sendfile === undefined) return [];
  const folder = lighttpd.sendfile.replace(/\/*$/, "/");
  return [
    ["x-sendfile", '"enable"'],
    ["x-sendfile-docroot", `(${quoted(folder)})`],
  ];
}

function socketOf({ listen }: Deployment): string[] {
  const socket = applicationSocket(listen);
  return socket.kind === "unix"
    ? [`"socket" => ${quoted(socket.path)}`]
    : [`"host" => ${quoted(socket.host)}`, `"port" => ${socket.port}`];
}

/**
 * lighttpd starts the processes that stand in the outermost fastcgi.server, which is asked for a path that nobody has;
 * what is asked names their sockets. Each mention with "bin-path" would start processes of its own.
 */
function spawned(plan: RoutingPlan): LighttpdApplication {
  const { deployment } = plan;
  const { name, state, lighttpd } = deployment;
  const program = programOf(deployment, "lighttpd");
  const socket = `${state ?? "/run/lighttpd"}/${name}.sock`;
  const sockets = Array.from({ length: lighttpd.processes }, (_, index) => `${socket}-${index}`);
  return fastCgi(plan, {
    roles: rolesOf(plan),
    hosts: sockets.map((path) => [`"socket" => ${quoted(path)}`]),
    program,
    lines: paragraph(
      ["lighttpd starts the application, and numbers its sockets."],
      [
        `fastcgi.server = (${quoted(`/.${name}-processes`)} => ((${[
          `"socket" => ${quoted(socket)}`,
          `"bin-path" => ${quoted(program.path)}`,
          `"min-procs" => ${lighttpd.processes}`,
          `"max-procs" => ${lighttpd.processes}`,
          '"check-local" => "disable"',
        ].join(", ")})))`,
      ],
    ),
  });
}

/** A program for each request. Authorizers run by themselves: lighttpd asks none by CGI. */
function cgi(plan: RoutingPlan): LighttpdApplication {
  const { deployment } = plan;
  const program = programOf(deployment, "mod_cgi");
  const authorizers = fastCgi(plan, { hosts: [socketOf(deployment)], lines: [], roles: ["authorizer"] });
  const asks = rolesOf(plan).includes("authorizer");
  const respond = (key: string): string[] => [
    `alias.url = (${quoted(key === "/" ? "" : key)} => ${quoted(program.path)})`,
    'cgi.assign = ("" => "")',
    `cgi.limits = ("read-timeout" => ${deployment.timeout}, "write-timeout" => ${deployment.timeout})`,
    ...sendfile(deployment).map(([name, value]) => `cgi.${name} = ${value}`),
  ];
  return {
    modules: [...(asks ? authorizers.modules : []), "mod_alias", "mod_cgi"],
    lines: asks ? authorizers.lines : [],
    ask: authorizers.ask,
    respond,
    // What stands around it says who responds.
    askAndRespond: () => authorizers.ask,
    program,
  };
}
