import type { Examined, Examiner, ExamineOptions, Finding } from "../existing/examiner.js";
import { isBelow, mayProtectBelow, servedByTheSite } from "../existing/overlap.js";
import { ownName } from "../plan/own-name.js";
import type { RoutingPlan } from "../plan/plan.js";
import { parseNginx, type NginxDirective } from "./nginx-parser.js";

/** Looks at what `nginx -T` shows, which is everything. */
export const nginxExaminer: Examiner = { mainFile: "/etc/nginx/nginx.conf", examine };

async function examine({ plan, mainFile, view }: ExamineOptions): Promise<Examined | undefined> {
  const output = await view.output("nginx", ["-T", "-c", mainFile]);
  if (output === undefined) return undefined;
  const top = parseNginx(output);
  const http = top.filter(({ name }) => name === "http").flatMap(({ block = [] }) => block);
  const servers = http.filter(({ name }) => name === "server");
  const { deployment } = plan;
  const findings =
    deployment.part === "whole"
      ? portFindings(plan, servers)
      : [
          ...upstreamFindings(plan, http),
          ...inheritedFindings(plan, http),
          ...sitesOf(plan, servers).flatMap((server) => siteFindings(plan, server)),
        ];
  return {
    findings: [...findings, ...rootFindings(plan, http)],
    unseen: rootsUnseen(http),
  };
}

/** Formats a finding in the place of a directive. */
function finding(weight: Finding["weight"], { file, line }: NginxDirective, fact: string): Finding {
  return { weight, place: { file, line }, fact };
}

function named(directives: readonly NginxDirective[], name: string): readonly NginxDirective[] {
  return directives.filter((one) => one.name === name);
}

function portFindings({ deployment }: RoutingPlan, servers: readonly NginxDirective[]): Finding[] {
  return servers.flatMap(({ block = [] }) =>
    named(block, "listen")
      .filter(({ args }) => new RegExp(`^(?:.*:)?${deployment.port}$`).test(args[0] ?? ""))
      .map((listen) =>
        finding(
          "stops",
          listen,
          `nginx listens on port ${deployment.port}: choose another --port, or add the application to this site with --into`,
        ),
      ),
  );
}

/** The servers with the name of the deployment; all if there is none. */
function sitesOf({ deployment }: RoutingPlan, servers: readonly NginxDirective[]): readonly NginxDirective[] {
  const same = servers.filter(({ block = [] }) =>
    named(block, "server_name").some(({ args }) => args.includes(deployment.serverName)),
  );
  return same.length === 0 ? servers : same;
}

/** The file of this deployment is no finding. */
function isOwn({ deployment }: RoutingPlan, { file }: NginxDirective): boolean {
  const own = ownName(deployment);
  return file.endsWith(`/${own}.conf`) || file.endsWith(`/${own}-upstream.conf`);
}

function upstreamFindings(plan: RoutingPlan, http: readonly NginxDirective[]): Finding[] {
  const own = ownName(plan.deployment);
  return named(http, "upstream")
    .filter((upstream) => upstream.args[0] === own && !isOwn(plan, upstream))
    .map((upstream) => finding("stops", upstream, `upstream ${own} exists: nginx refuses a second one`));
}

function siteFindings(plan: RoutingPlan, server: NginxDirective): Finding[] {
  const { block = [] } = server;
  const others = block.filter((directive) => !isOwn(plan, directive));
  const isIncluded = others.length < block.length;
  return [
    ...(isIncluded ? [] : [finding("note", server, "a site: its server block is a place for the line")]),
    ...inheritedFindings(plan, others),
    ...others.flatMap((directive) => beforeLocations(directive)),
    ...named(others, "location").flatMap((location) => locationFindings(plan, location)),
  ];
}

/** Directives of a server that come before its locations. */
function beforeLocations(directive: NginxDirective): Finding[] {
  if (directive.name === "return")
    return [
      finding("note", directive, "return comes before every location: this server has no use for the line"),
    ];
  if (directive.name === "rewrite" || directive.name === "if")
    return [finding("note", directive, `${directive.name} comes before every location, also ours`)];
  return [];
}

function locationFindings(plan: RoutingPlan, location: NginxDirective): Finding[] {
  const { mount } = plan.deployment;
  const [modifier, path] = location.args.length > 1 ? location.args : ["", location.args[0]];
  if (path === undefined || modifier === "~" || modifier === "~*") return [];
  if (path.startsWith("@")) {
    return [
      ownName(plan.deployment),
      `${ownName(plan.deployment)}_401`,
      `${ownName(plan.deployment)}_403`,
    ].some((name) => path === `@${name}`)
      ? [finding("stops", location, `location ${path} exists: nginx refuses a second one`)]
      : [];
  }
  const isExact = modifier === "=";
  if (path === (isExact ? mount : `${mount}/`)) {
    const shown = isExact ? `= ${path}` : path;
    return [finding("stops", location, `location ${shown} exists: nginx refuses a second one`)];
  }
  if (path === mount)
    return [
      finding(
        "note",
        location,
        `location ${path} loses ${mount} and the paths below ${mount}/ to the application`,
      ),
    ];
  if (!isBelow(path, mount)) return [];
  return mayProtectBelow(plan, path)
    ? [
        finding(
          "stops",
          location,
          `location ${path} answers its paths, and no authorizer of the application is asked`,
        ),
      ]
    : [finding("note", location, `location ${path} answers its paths, not the application`)];
}

/** What a location inherits, and what a request meets before it reaches one. */
function inheritedFindings(
  { deployment, protect }: RoutingPlan,
  directives: readonly NginxDirective[],
): Finding[] {
  return directives.flatMap((directive): Finding[] => {
    const { name, args } = directive;
    const note = (fact: string): Finding[] => [finding("note", directive, fact)];
    switch (name) {
      case "underscores_in_headers":
        return args[0] === "on"
          ? note("underscores_in_headers is on: the application cannot tell a client's X_User from X-User")
          : [];
      case "auth_request":
        return args[0] === "off" || protect.length === 0
          ? []
          : [
              finding(
                "stops",
                directive,
                "auth_request of the site is not asked in the protected paths of the application, which has its own",
              ),
            ];
      case "auth_basic":
      case "allow":
      case "deny":
      case "limit_req":
      case "limit_conn":
      case "limit_rate":
        return args[0] === "off" || args[0] === "all" ? [] : note(`${name} also applies to the application`);
      case "fastcgi_catch_stderr":
        return note("fastcgi_catch_stderr also applies to the application: what it logs may become a 502");
      case "client_body_timeout":
      case "send_timeout":
        return secondsOf(args[0] ?? "") < deployment.timeout
          ? note(`${name} ${args[0]} is less than our ${deployment.timeout}s`)
          : [];
      case "large_client_header_buffers":
        return bytesOf(args[1] ?? "") < 8192 ? note(`${name} ${args.join(" ")} is less than our 8 KiB`) : [];
      default:
        return [];
    }
  });
}

/** A time of nginx in seconds; infinite if it is not one. */
function secondsOf(text: string): number {
  const [, amount, unit = "s"] = /^(\d+)(ms|s|m|h|d)?$/.exec(text) ?? [];
  const factor = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 1;
  return amount === undefined ? Number.POSITIVE_INFINITY : Number(amount) * factor;
}

/** A size of nginx in bytes; infinite if it is not one. */
function bytesOf(text: string): number {
  const [, amount, unit = ""] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  const factor = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()] ?? 1;
  return amount === undefined ? Number.POSITIVE_INFINITY : Number(amount) * factor;
}

/** Folders of the configuration that contain the files of the application, which they serve without asking. */
function rootFindings(plan: RoutingPlan, directives: readonly NginxDirective[]): Finding[] {
  return foldersIn(directives).flatMap((folder) => {
    const served = isOwn(plan, folder) ? undefined : servedByTheSite(plan, folder.args[0] ?? "");
    return served === undefined
      ? []
      : [finding(served.weight, folder, `${folder.name} ${folder.args[0]} ${served.fact}`)];
  });
}

function rootsUnseen(directives: readonly NginxDirective[]): string[] {
  const isUnclear = foldersIn(directives).some(({ args }) => args[0]?.includes("$") === true);
  return isUnclear ? ["folders of root and alias that contain a variable"] : [];
}

function foldersIn(directives: readonly NginxDirective[]): readonly NginxDirective[] {
  return directives.flatMap((directive) => [
    ...(directive.name === "root" || directive.name === "alias" ? [directive] : []),
    ...foldersIn(directive.block ?? []),
  ]);
}
