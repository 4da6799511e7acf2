import type { Configuration, ConfigurationSource } from "../configuration.js";
import { lighttpdApplication, type LighttpdApplication } from "./lighttpd-application.js";
import { lighttpdPaths, servesIndex } from "./lighttpd-paths.js";
import { mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { quoted } from "./lighttpd-text.js";
import { mountRegex } from "../plan/plan-regex.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { shellWord } from "../program.js";
import { block, paragraph, textOf } from "../text.js";

/** Writes the configuration of lighttpd 1.4.69 and newer, as Debian has it. */
export function lighttpd(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment } = plan;
  const application = lighttpdApplication(plan);
  const { program } = application;
  const { file, folders, ...commands } =
    deployment.part === "whole" ? whole(plan, application) : site(plan, application);
  return {
    ...commands,
    files: [file, ...(program === undefined ? [] : [program.file])],
    folders: [...folders, ...(program === undefined ? [] : [program.folder])],
    // Nor is a responder told where rewriting has led to it.
    needs: needsOf(plan, { sendsMount: deployment.root === undefined }),
    notes: notesOf(plan),
    startsApplication: program !== undefined,
    isTested: true,
  };
}

interface Main extends Pick<Configuration, "check" | "run" | "folders" | "asRoot"> {
  readonly file: Configuration["files"][number];
}

/** A file that lighttpd can be started with. */
function whole(plan: RoutingPlan, application: LighttpdApplication): Main {
  const { deployment } = plan;
  const { name, bind, port, state, root, webServerUser = "www-data", webServerGroup } = deployment;
  const run = state ?? "/run/lighttpd";
  const lines = [
    `# lighttpd in front of ${name}.`,
    "",
    `server.modules = (${[...modulesOf(plan, application), "mod_staticfile"].map(quoted).join(", ")})`,
    ...(bind === undefined ? [] : [`server.bind = ${quoted(bind.replaceAll(/^\[|\]$/g, ""))}`]),
    `server.port = ${port}`,
    "# Without root these two say nothing.",
    `server.username = ${quoted(webServerUser)}`,
    `server.groupname = ${quoted(webServerGroup)}`,
    `server.pid-file = ${quoted(`${run}/lighttpd.pid`)}`,
    `server.errorlog = ${quoted(`${state ?? "/var/log/lighttpd"}/error.log`)}`,
    `server.upload-dirs = (${quoted(state ?? "/var/cache/lighttpd/uploads")})`,
    "# There has to be one, also where no file is served.",
    `server.document-root = ${quoted(root ?? "/nonexistent")}`,
    ...(root === undefined ? [] : ['include_shell "/usr/share/lighttpd/create-mime.conf.pl"']),
    ...encodedSlashes(plan, "="),
    ...siteLines(plan, application),
  ];
  return {
    file: { name: "lighttpd.conf", text: textOf(lines) },
    check: "lighttpd -tt -f lighttpd.conf",
    run: "lighttpd -D -f lighttpd.conf",
    folders: state === undefined ? [run] : [state],
    ...(state !== undefined && { asRoot: `chown ${webServerUser}:${webServerGroup} ${shellWord(state)}` }),
  };
}

/** A file for Debian's /etc/lighttpd/conf-available. */
function site(plan: RoutingPlan, application: LighttpdApplication): Main {
  const { name, serverName, root } = plan.deployment;
  const { lines: definitions, ...rest } = application;
  const lines = [
    `# ${name} behind lighttpd.`,
    `server.modules += (${modulesOf(plan, application).map(quoted).join(", ")})`,
    // Debian sets it already, to what is the default.
    ...encodedSlashes(plan, ":="),
    ...definitions,
    "",
    ...block(`$HTTP["host"] == ${quoted(serverName)}`, [
      ...(root === undefined ? [] : [`server.document-root = ${quoted(root)}`]),
      ...siteLines(plan, { ...rest, lines: [] }),
    ]),
  ];
  return {
    file: { name: `/etc/lighttpd/conf-available/50-${name}.conf`, text: textOf(lines) },
    check: "lighttpd -tt -f /etc/lighttpd/lighttpd.conf",
    run: `lighty-enable-mod ${name} && systemctl reload lighttpd`,
    folders: [],
  };
}

function modulesOf({ deployment, filter }: RoutingPlan, { modules }: LighttpdApplication): string[] {
  const { root, mount } = deployment;
  const refuses = root !== undefined && mount !== "" && filter.length > 0;
  return [
    // Rewriting comes first: what it changes is matched anew.
    ...(root !== undefined || mount !== "" ? ["mod_rewrite"] : []),
    ...(refuses ? ["mod_access"] : []),
    ...modules,
  ];
}

/**
 * lighttpd takes an encoded slash for one, and tells the application what the client wrote. A condition cannot see what
 * that was, so this holds for the whole server.
 */
function encodedSlashes(plan: RoutingPlan, assign: "=" | ":="): string[] {
  return paragraph(
    "What to lighttpd is a slash is none to an application that is asked for %2F: refused.",
    mustRefuseEncodedSlashes(plan)
      ? [
          `server.http-parseopts ${assign} ("url-path-2f-decode" => "disable", "url-path-2f-reject" => "enable")`,
        ]
      : [],
  );
}

function siteLines(plan: RoutingPlan, application: LighttpdApplication): string[] {
  const { maxBodyBytes, mount, root } = plan.deployment;
  return [
    ...paragraph(
      [
        "The largest request body, in KiB. Bodies are collected first: streamed, those without a length are refused.",
      ],
      [`server.max-request-size = ${Math.ceil(maxBodyBytes / 1024)}`],
    ),
    ...(plan.streams.length === 0
      ? []
      : paragraph(
          ["Answers are handed on as they come, no faster than the client takes them."],
          ["server.stream-response-body = 2"],
        )),
    ...(root === undefined ? [] : fileOptions(plan)),
    ...application.lines,
    ...paragraph(
      "The mount without a slash is its root.",
      mount === ""
        ? []
        : [`url.rewrite-once = (${quoted(`${mountRegex(mount)}(\\?.*)?$`)} => ${quoted(`${mount}/$1`)})`],
    ),
    ...lighttpdPaths(plan, application),
  ];
}

/** How files are served. */
function fileOptions(plan: RoutingPlan): string[] {
  return [
    ...paragraph(
      [
        'lighttpd would serve "/secret.txt" for "/secret.txt/" and "/secret.txt/x" as well: paths that a glob of what is',
        "protected or filtered need not cover.",
      ],
      ['static-file.disable-pathinfo = "enable"'],
    ),
    ...(plan.deployment.links === "followed"
      ? []
      : paragraph(
          [
            "A link could lead past what is protected, and out of the root. The root itself must not be reached by one either.",
          ],
          ['server.follow-symlink = "disable"'],
        )),
    ...(servesIndex(plan)
      ? ['index-file.names = ("index.html")']
      : paragraph(
          [
            "lighttpd would serve an index file for its folder without asking whether the file itself is protected or filtered.",
          ],
          ["index-file.names = ()"],
        )),
  ];
}

function notesOf(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  const { responder } = deployment.lighttpd;
  return [
    ...commonNotes(plan),
    ...(protect.length > 0
      ? [
          "lighttpd takes an answer without a Status for an allowance: let nothing but the application listen on its socket.",
        ]
      : []),
    ...(protect.length > 0 && responder === "cgi"
      ? [`lighttpd asks no authorizer by CGI: the application must also listen on ${deployment.listen}.`]
      : []),
  ];
}
