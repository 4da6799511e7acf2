import { apacheAuthorizer, authorizerForm, isHook } from "./apache-authorizer.js";
import { apacheFiles } from "./apache-files.js";
import { apacheMount } from "./apache-mount.js";
import { MODULES_FOLDER, type ApacheParts } from "./apache-parts.js";
import { apacheResponder } from "./apache-responder.js";
import { apacheWord, apachePath, apacheSection } from "./apache-text.js";
import { listenAddress, redirectHost, tlsDirectives, tlsModules } from "./apache-tls.js";
import type { Configuration, ConfigurationPart, ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { ownName, requirePart } from "../plan/own-name.js";
import { mountRegex } from "../plan/plan-regex.js";
import { requireScgi } from "../plan/require-scgi.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { paragraph, textOf } from "../text.js";

/** Modules that every configuration needs. */
const BASE_MODULES = ["authz_core", "mpm_event"];

/** Generates the configuration of Debian's Apache 2.4. */
export function apache(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment } = plan;
  requireScgi(plan, {
    server: "Apache",
    isConnected: deployment.apache.responder === "proxy-pass",
    connect: "apache.responder proxy-pass",
  });
  const authorizer = apacheAuthorizer(plan);
  // A hook of mod_fcgid makes Apache look up PATH_INFO, which is protected and asks again: twenty times in all.
  const cutsPath = authorizer === undefined || !isHook(authorizerForm(deployment));
  const asked = authorizer === undefined ? [] : [authorizer];
  // Sections count in their order: an authorizer's are after that of the mount.
  const parts =
    deployment.mount === ""
      ? [apacheFiles(plan), ...asked, apacheResponder(plan, { cutsPath })]
      : [apacheMount(plan, { cutsPath }), ...asked];
  // mod_proxy_scgi sends the whole path as PATH_INFO.
  const sendsMount = cutsPath && deployment.protocol === "fastcgi";
  const needs = needsOf(plan, { sendsMount });
  const vouchesFor = [...new Set([...(needs.vouchesFor ?? []), ...(authorizer?.vouchesFor ?? [])])];
  const programs = parts.flatMap(({ program }) => (program === undefined ? [] : [program]));
  const owned = parts.find((part) => part.owned !== undefined)?.owned;
  const { files, folders, ...commands } =
    deployment.part === "whole" ? mainFile(plan, parts) : sitePart(plan, parts);
  return {
    ...commands,
    files: [...files, ...programs.slice(0, 1).map((program) => program.file)],
    folders: [
      ...new Set([
        ...folders,
        ...programs.map(({ folder }) => folder),
        ...parts.flatMap(({ folders: more = [] }) => more),
      ]),
    ],
    needs: { ...needs, ...(vouchesFor.length > 0 && { vouchesFor }) },
    startsApplication: ["cgi", "fcgid"].includes(deployment.apache.responder),
    notes: [...commonNotes(plan), ...debianNotes(deployment), ...parts.flatMap(({ notes = [] }) => notes)],
    ...(owned !== undefined && { owned }),
    isTested: deployment.apache.responder !== "fastcgi",
  };
}

/** A complete file with which Apache can be started. */
function mainFile(plan: RoutingPlan, parts: readonly ApacheParts[]): ConfigurationPart {
  const { deployment } = plan;
  const paths = outputPaths(deployment);
  const modules = [
    ...new Set([...BASE_MODULES, ...tlsModules(deployment), ...parts.flatMap((part) => part.modules)]),
  ].sort();
  const lines = [
    `# Apache 2.4 in front of ${deployment.name}.`,
    "",
    ...modules.map((name) => `LoadModule ${name}_module ${MODULES_FOLDER}/mod_${name}.so`),
    "",
    // This is the only host, so that it also serves all names of a pattern.
    `ServerName ${apacheWord(isPattern(deployment.serverName) ? "localhost" : deployment.serverName)}`,
    `Listen ${apacheWord(listenAddress(deployment, deployment.port))}`,
    ...tlsDirectives(deployment),
    // These two only take effect as root.
    `User ${apacheWord(deployment.webServerUser ?? "www-data")}`,
    `Group ${apacheWord(deployment.webServerGroup)}`,
    ...paths.lines,
    ...(modules.includes("fcgid") ? paths.fcgid : []),
    ...(modules.includes("cgid") ? paths.cgid : []),
    ...parts.flatMap(({ server = [] }) => server),
    ...paragraph(
      ["Only the folders below are served."],
      apacheSection("Directory", '"/"', [
        "AllowOverride None",
        "Options FollowSymLinks",
        "Require all denied",
      ]),
    ),
    ...siteDirectives(plan, parts),
    ...redirectHost(deployment),
  ];
  return {
    files: [{ name: "apache.conf", text: textOf(lines) }],
    check: 'apache2 -t -f "$PWD/apache.conf"',
    run: 'apache2 -f "$PWD/apache.conf" -DFOREGROUND',
    folders: paths.folders,
  };
}

/** Debian's own Apache answers every name on its ports, and has the same pid file. */
function debianNotes({ part, state }: Deployment): string[] {
  if (part === "into" || state !== undefined) return [];
  return [
    "This takes the place of Debian's own Apache: end that first, by systemctl disable --now apache2, or add the application to its " +
      "site with --into.",
  ];
}

/** A file that a virtual host includes, and one with what cannot be in a virtual host. */
function sitePart(plan: RoutingPlan, parts: readonly ApacheParts[]): ConfigurationPart {
  const { deployment } = plan;
  requirePart(deployment, "Apache");
  const own = ownName(deployment);
  const path = `/etc/apache2/${own}.conf`;
  const modules = [...new Set(parts.flatMap((part) => part.modules))].sort();
  const server = parts.flatMap((part) => part.server ?? []);
  const head = `# ${deployment.name} at ${deployment.mount}, in a site of Apache 2.4.`;
  return {
    files: [
      { name: path, text: textOf([head, ...parts.flatMap(({ site }) => site)]) },
      ...(server.length === 0
        ? []
        : [{ name: `/etc/apache2/conf-available/${own}-server.conf`, text: textOf([head, ...server]) }]),
    ],
    additions: [
      {
        line: `Include ${path}`,
        place: "as the last line of the site's VirtualHost, such as that of sites-available/000-default.conf",
      },
    ],
    before: [
      `a2enmod -q ${modules.join(" ")}`,
      ...(server.length === 0 ? [] : [`a2enconf -q ${own}-server`]),
    ].join(" && "),
    check: "apache2ctl configtest",
    // mod_fcgid can crash if it is new to a server that reloads.
    run: "systemctl restart apache2",
    folders: [],
  };
}

function siteDirectives(plan: RoutingPlan, parts: readonly ApacheParts[]): string[] {
  return [
    ...paragraph(
      [
        "Merges slashes before paths are compared with the protected ones, as the application and the file system do.",
      ],
      plan.protect.length === 0 ? [] : ["MergeSlashes On"],
    ),
    ...(mustRefuseEncodedSlashes(plan)
      ? []
      : paragraph("By default, Apache answers 404 for a path with %2F.", ["AllowEncodedSlashes On"])),
    ...(parts.some(({ modules }) => modules.includes("rewrite")) ? ["RewriteEngine On"] : []),
    ...paragraph(
      [`Nothing outside ${plan.deployment.mount} is served.`],
      plan.deployment.mount === ""
        ? []
        : [
            `RewriteCond "%{REQUEST_URI}" "!${mountRegex(plan.deployment.mount)}(?:/|$)"`,
            'RewriteRule "^" "-" [R=404,L]',
          ],
    ),
    ...parts.flatMap(({ site }) => site),
    ...paragraph(
      ["By default, Apache does not pass on the Authorization header."],
      apacheSection("Location", '"/"', ["CGIPassAuth On"]),
    ),
  ];
}

/** The paths of Apache's own files: in `state`, or Debian's defaults. */
function outputPaths({ state, name }: Deployment) {
  const run = state ?? "/run/apache2";
  const log = state ?? "/var/log/apache2";
  const lock = state ?? "/var/lock/apache2";
  return {
    lines: [
      `PidFile ${apachePath(`${run}/apache2.pid`)}`,
      `DefaultRuntimeDir ${apachePath(run)}`,
      `Mutex ${apachePath(`file:${lock}`)} default`,
      `ErrorLog ${apachePath(`${log}/error.log`)}`,
    ],
    fcgid: [
      `FcgidIPCDir ${apachePath(`${run}/${name}-fcgid`)}`,
      `FcgidProcessTableFile ${apachePath(`${run}/${name}-fcgid.table`)}`,
    ],
    cgid: [`ScriptSock ${apachePath(`${run}/${name}-cgid.sock`)}`],
    folders: [...new Set([run, log, lock])],
  };
}

/** Whether a host name has a `*`, which Apache accepts only in ServerAlias. */
function isPattern(serverName: string): boolean {
  return serverName.includes("*");
}
