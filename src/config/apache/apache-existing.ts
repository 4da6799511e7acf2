import type { Examined, Examiner, ExamineOptions, Finding, Place } from "../existing/examiner.js";
import { isBelow, servedByTheSite } from "../existing/overlap.js";
import { ownName } from "../plan/own-name.js";
import type { RoutingPlan } from "../plan/plan.js";

/** Looks at the files that `apache2ctl -t -D DUMP_INCLUDES` lists. */
export const apacheExaminer: Examiner = { mainFile: "/etc/apache2/apache2.conf", examine };

/** A directive, or the begin of a section. */
interface ApacheLine {
  readonly place: Place;
  readonly name: string;
  readonly args: readonly string[];
  /** The sections that it is in, from the outermost. */
  readonly sections: readonly ApacheLine[];
}

async function examine({ plan, mainFile, view }: ExamineOptions): Promise<Examined | undefined> {
  const output = await view.output("apache2ctl", ["-t", "-D", "DUMP_INCLUDES", "-f", mainFile]);
  if (output === undefined) return undefined;
  const lines: ApacheLine[] = [];
  const own = ownName(plan.deployment);
  for (const [, file = ""] of output.matchAll(/^\s+\([*\d]+\) (\/.*)$/gm)) {
    const isOwn = file.endsWith(`/${own}.conf`) || file.endsWith(`/${own}-server.conf`);
    // A file ending in .load only loads a module.
    if (!isOwn && !file.endsWith(".load")) lines.push(...linesOf(file, (await view.text(file)) ?? ""));
  }
  const findings = plan.deployment.part === "whole" ? portFindings(plan, lines) : siteFindings(plan, lines);
  return {
    findings: [...findings, ...rootFindings(plan, lines)],
    unseen: [
      ".htaccess files",
      "folders of AliasMatch, RewriteRule and UserDir",
      "whether the conditions of IfModule, IfDefine and If hold",
    ],
  };
}

/** Splits a file into its directives. A section that ends in another file is in no section. */
function linesOf(file: string, text: string): ApacheLine[] {
  const found: ApacheLine[] = [];
  const open: ApacheLine[] = [];
  for (const [index, line] of text.replaceAll("\\\n", "  ").split("\n").entries()) {
    const [, close, begin, rest = ""] = /^\s*(?:<\/(\w+)|<?(\w+))([^#]*|.*)$/.exec(line) ?? [];
    if (close !== undefined) open.pop();
    if (begin === undefined || /^\s*#/.test(line)) continue;
    const isSection = /^\s*</.test(line);
    const words = isSection ? rest.replace(/>\s*$/, "") : rest;
    const args = Array.from(words.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
    const one = { place: { file, line: index + 1 }, name: begin.toLowerCase(), args, sections: [...open] };
    found.push(one);
    if (isSection) open.push(one);
  }
  return found;
}

function finding(weight: Finding["weight"], { place }: ApacheLine, fact: string): Finding {
  return { weight, place, fact };
}

function portFindings({ deployment }: RoutingPlan, lines: readonly ApacheLine[]): Finding[] {
  const { port } = deployment;
  return lines
    .filter(({ name, args }) => name === "listen" && new RegExp(`^(?:.*:)?${port}$`).test(args[0] ?? ""))
    .map((line) =>
      finding(
        "stops",
        line,
        `Apache listens on port ${port}: choose another --port, or add the application to a site with --into`,
      ),
    );
}

/** The virtual hosts with the name of the deployment; all if there is none. */
function sitesOf({ deployment }: RoutingPlan, lines: readonly ApacheLine[]): readonly ApacheLine[] {
  const hosts = lines.filter(({ name, sections }) => name === "virtualhost" && sections.length === 0);
  const same = hosts.filter((host) =>
    lines.some(
      ({ name, args, sections }) =>
        (name === "servername" || name === "serveralias") &&
        sections.includes(host) &&
        args.some((one) => one.replace(/:\d+$/, "") === deployment.serverName),
    ),
  );
  return same.length === 0 ? hosts : same;
}

function siteFindings(plan: RoutingPlan, lines: readonly ApacheLine[]): Finding[] {
  const own = ownName(plan.deployment);
  const providers = lines.filter(({ name, args }) => name === "authnzfcgidefineprovider" && args[1] === own);
  return [
    ...providers.map((line) =>
      finding("stops", line, `a provider ${own} exists: Apache refuses a second one`),
    ),
    ...sitesOf(plan, lines).flatMap((host) => {
      const inside = lines.filter(({ sections }) => sections.includes(host));
      const include = inside.find(
        ({ name, args }) => name.startsWith("include") && args[0]?.endsWith(`/${own}.conf`) === true,
      );
      const place =
        include === undefined
          ? [finding("note", host, "a site: the end of its VirtualHost is the place for the line")]
          : inside.filter((line) => isLater(line, include)).flatMap((line) => laterFindings(plan, line));
      return place.concat(inside.flatMap((line) => hostFindings(plan, line)));
    }),
  ];
}

function isLater({ place }: ApacheLine, include: ApacheLine): boolean {
  return place.file === include.place.file && place.line > include.place.line;
}

/** Sections after the line, which would count more than those of the application. */
function laterFindings({ protect }: RoutingPlan, line: ApacheLine): Finding[] {
  if (line.name !== "location" && line.name !== "locationmatch") return [];
  const weight = protect.length > 0 ? "stops" : "note";
  return [
    finding(
      weight,
      line,
      `${line.name} is after the line for the application, and may undo what that requires`,
    ),
  ];
}

function hostFindings(plan: RoutingPlan, line: ApacheLine): Finding[] {
  const { mount, apache, maxBodyBytes } = plan.deployment;
  const { name, args, sections } = line;
  const note = (fact: string): Finding[] => [finding("note", line, fact)];
  const [first = "", second = ""] = args;
  switch (name) {
    case "rewriterule":
      return sections.length === 1 ? note("RewriteRule comes first, also for paths of the application") : [];
    case "if":
      return plan.protect.length > 0
        ? [finding("stops", line, "If counts after each location, and may undo what an authorizer requires")]
        : [];
    case "proxypass":
    case "alias":
    case "scriptalias":
      return isBelow(first.replace(/\/+$/, ""), mount)
        ? note(`${name} ${first} loses its paths to the application`)
        : [];
    case "redirect":
    case "redirectpermanent":
    case "redirecttemp": {
      const path = first.startsWith("/") ? first : second;
      const isOurs =
        path !== "" && (isBelow(path.replace(/\/+$/, ""), mount) || isBelow(mount, path.replace(/\/+$/, "")));
      return isOurs ? note(`${name} ${path} answers paths of ${mount}, not the application`) : [];
    }
    case "fcgidmaxrequestlen":
      return apache.responder === "fcgid" && Number(first) < maxBodyBytes
        ? note(`FcgidMaxRequestLen ${first} is below the ${maxBodyBytes} of the application`)
        : [];
    default:
      return [];
  }
}

/** Folders of the site that have files of the application. */
function rootFindings(plan: RoutingPlan, lines: readonly ApacheLine[]): Finding[] {
  return lines.flatMap((line) => {
    const folder = folderOf(line);
    const served = servedByTheSite(plan, folder);
    return served === undefined
      ? []
      : [finding(served.weight, line, `${NAMES[line.name]} ${folder} ${served.fact}`)];
  });
}

const NAMES: Readonly<Record<string, string>> = { alias: "Alias", documentroot: "DocumentRoot" };

/** The folder of a directive; "" for others. Inside of a location, `Alias` has no path before it. */
function folderOf({ name, args }: ApacheLine): string {
  return Object.hasOwn(NAMES, name) ? (args.at(-1) ?? "") : "";
}
