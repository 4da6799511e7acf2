import { apacheAuthorizer, authorizerForm, isHook } from "./apache-authorizer.js";
import { ownFiles } from "./apache-files.js";
import { MODULES, type ApacheParts } from "./apache-parts.js";
import { apacheResponder } from "./apache-responder.js";
import { quoted, quotedPath, section } from "./apache-text.js";
import type { Configuration, ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { paragraph, textOf } from "../text.js";

/** What every configuration needs. */
const COMMON = ["authz_core", "mpm_event"];

/** Writes the configuration of Apache 2.4, as Debian has it. */
export function apache(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment } = plan;
  const authorizer = apacheAuthorizer(plan);
  // mod_fcgid's hooks have PATH_INFO looked up, which is protected again, which asks again: twenty times in all.
  const cutsPath = authorizer === undefined || !isHook(authorizerForm(deployment));
  const responder = apacheResponder(plan, { cutsPath });
  const parts = [ownFiles(plan), ...(authorizer === undefined ? [] : [authorizer]), responder];
  const needs = needsOf(plan, { sendsMount: cutsPath });
  const vouchesFor = [...new Set([...(needs.vouchesFor ?? []), ...(authorizer?.vouchesFor ?? [])])];
  const programs = parts.flatMap(({ program }) => (program === undefined ? [] : [program]));
  const { file, folders, ...commands } = deployment.part === "whole" ? whole(plan, parts) : site(plan, parts);
  return {
    ...commands,
    files: [file, ...programs.slice(0, 1).map((program) => program.file)],
    folders: [...new Set([...folders, ...programs.map(({ folder }) => folder)])],
    needs: { ...needs, ...(vouchesFor.length > 0 && { vouchesFor }) },
    startsApplication: ["cgi", "fcgid"].includes(deployment.apache.responder),
    notes: [...commonNotes(plan), ...parts.flatMap(({ notes = [] }) => notes)],
    isTested: true,
  };
}

interface Main extends Pick<Configuration, "check" | "run" | "folders"> {
  readonly file: Configuration["files"][number];
}

/** A file that Apache can be started with. */
function whole(plan: RoutingPlan, parts: readonly ApacheParts[]): Main {
  const { deployment } = plan;
  const places = placesOf(deployment);
  const modules = [...new Set([...COMMON, ...parts.flatMap((part) => part.modules)])].sort();
  const lines = [
    `# Apache 2.4 in front of ${deployment.name}.`,
    "",
    ...modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`),
    "",
    `ServerName ${quoted(deployment.serverName)}`,
    `Listen ${quoted(addressOf(deployment))}`,
    // Without root these two say nothing.
    `User ${quoted(deployment.webServerUser ?? "www-data")}`,
    `Group ${quoted(deployment.webServerGroup)}`,
    ...places.lines,
    ...(modules.includes("fcgid") ? places.fcgid : []),
    ...(modules.includes("cgid") ? places.cgid : []),
    ...parts.flatMap(({ server = [] }) => server),
    ...paragraph(
      ["Nothing of the disk is served that is not named below."],
      section("Directory", '"/"', ["AllowOverride None", "Options FollowSymLinks", "Require all denied"]),
    ),
    ...siteLines(plan, parts),
  ];
  return {
    file: { name: "apache.conf", text: textOf(lines) },
    check: 'apache2 -t -f "$PWD/apache.conf"',
    run: 'apache2 -f "$PWD/apache.conf" -DFOREGROUND',
    folders: places.folders,
  };
}

/** A file for Debian's /etc/apache2/sites-available. */
function site(plan: RoutingPlan, parts: readonly ApacheParts[]): Main {
  const { deployment } = plan;
  const { name, bind, port } = deployment;
  const modules = [...new Set(parts.flatMap((part) => part.modules))].sort();
  const address = bind === undefined ? `*:${port}` : addressOf(deployment);
  const lines = [
    `# ${name} behind Apache 2.4. Needs: a2enmod ${modules.join(" ")}`,
    ...(port === 80 ? [] : [`Listen ${quoted(addressOf(deployment))}`]),
    ...parts.flatMap(({ server = [] }) => server),
    ...section("VirtualHost", quoted(address), [
      `ServerName ${quoted(deployment.serverName)}`,
      ...siteLines(plan, parts),
    ]),
  ];
  return {
    file: { name: `/etc/apache2/sites-available/${name}.conf`, text: textOf(lines) },
    check: "apachectl configtest",
    run: `a2enmod ${modules.join(" ")} && a2ensite ${name} && systemctl reload apache2`,
    folders: [],
  };
}

function siteLines(plan: RoutingPlan, parts: readonly ApacheParts[]): string[] {
  return [
    ...paragraph(
      [
        "What is protected is compared with paths where several slashes are one, as they are to whoever answers.",
      ],
      plan.protect.length === 0 ? [] : ["MergeSlashes On"],
    ),
    ...(mustRefuseEncodedSlashes(plan)
      ? []
      : paragraph("Apache would answer 404 for a path with %2F in it.", ["AllowEncodedSlashes On"])),
    ...(parts.some(({ modules }) => modules.includes("rewrite")) ? ["RewriteEngine On"] : []),
    ...parts.flatMap(({ site }) => site),
    ...paragraph(
      ["Apache would keep the Authorization header to itself."],
      section("Location", '"/"', ["CGIPassAuth On"]),
    ),
  ];
}

function addressOf({ bind, port }: Deployment): string {
  if (bind === undefined) return String(port);
  return `${bind.includes(":") && !bind.startsWith("[") ? `[${bind}]` : bind}:${port}`;
}

/** Where Apache keeps what it writes: in `state`, or where Debian has it. */
function placesOf({ state, name }: Deployment) {
  const run = state ?? "/run/apache2";
  const log = state ?? "/var/log/apache2";
  const lock = state ?? "/var/lock/apache2";
  return {
    lines: [
      `PidFile ${quotedPath(`${run}/apache2.pid`)}`,
      `DefaultRuntimeDir ${quotedPath(run)}`,
      `Mutex ${quotedPath(`file:${lock}`)} default`,
      `ErrorLog ${quotedPath(`${log}/error.log`)}`,
    ],
    fcgid: [
      `FcgidIPCDir ${quotedPath(`${run}/${name}-fcgid`)}`,
      `FcgidProcessTableFile ${quotedPath(`${run}/${name}-fcgid.table`)}`,
    ],
    cgid: [`ScriptSock ${quotedPath(`${run}/${name}-cgid.sock`)}`],
    folders: [...new Set([run, log, lock])],
  };
}
