import { onlyUpstream } from "../application-socket.js";
import type { Configuration, ConfigurationPart, ConfigurationSource } from "../configuration.js";
import { lighttpdApplication, type LighttpdApplication } from "./lighttpd-application.js";
import { lighttpdPaths, mountCondition, servesIndex } from "./lighttpd-paths.js";
import { redirectSocket, tlsDirectives, tlsModules } from "./lighttpd-tls.js";
import { mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { lighttpdString } from "./lighttpd-text.js";
import { ownName, requirePart } from "../plan/own-name.js";
import { mountRegex } from "../plan/plan-regex.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { paragraph, textOf } from "../text.js";

/** Generates the configuration of Debian's lighttpd, 1.4.69 or newer. */
export function lighttpd(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { deployment } = plan;
  const application = lighttpdApplication(plan);
  const { program } = application;
  const { files, folders, ...commands } =
    deployment.part === "whole" ? mainFile(plan, application) : sitePart(plan, application);
  return {
    ...commands,
    files: [...files, ...(program === undefined ? [] : [program.file])],
    folders: [...folders, ...(program === undefined ? [] : [program.folder])],
    // After a rewrite, lighttpd does not send the mount.
    needs: needsOf(plan, {
      sendsMount: deployment.root === undefined,
      // A part of a site cannot refuse %2F, which only the application then reads as it does.
      inProcess: deployment.part === "into" && mustRefuseEncodedSlashes(plan),
    }),
    notes: lighttpdNotes(plan),
    startsApplication: program !== undefined,
    isTested: true,
  };
}

/** A complete file with which lighttpd can be started. */
function mainFile(plan: RoutingPlan, application: LighttpdApplication): ConfigurationPart {
  const { deployment } = plan;
  const { name, bind, port, state, root, mount, webServerUser = "www-data", webServerGroup } = deployment;
  const run = state ?? "/run/lighttpd";
  const lines = [
    `# lighttpd in front of ${name}.`,
    "",
    `server.modules = (${[...moduleNames(plan, application), "mod_staticfile", ...tlsModules(deployment)].map(lighttpdString).join(", ")})`,
    ...(bind === undefined ? [] : [`server.bind = ${lighttpdString(bind.replaceAll(/^\[|\]$/g, ""))}`]),
    `server.port = ${port}`,
    ...tlsDirectives(deployment),
    "# These two only take effect as root.",
    `server.username = ${lighttpdString(webServerUser)}`,
    `server.groupname = ${lighttpdString(webServerGroup)}`,
    `server.pid-file = ${lighttpdString(`${run}/lighttpd.pid`)}`,
    `server.errorlog = ${lighttpdString(`${state ?? "/var/log/lighttpd"}/error.log`)}`,
    `server.upload-dirs = (${lighttpdString(state ?? "/var/cache/lighttpd/uploads")})`,
    "# lighttpd requires one, even if no files are served.",
    `server.document-root = ${lighttpdString(mount === "" && root !== undefined ? root : "/nonexistent")}`,
    ...(root === undefined ? [] : ['include_shell "/usr/share/lighttpd/create-mime.conf.pl"']),
    ...encodedSlashDirectives(plan),
    ...application.lines,
    ...(mount === ""
      ? [...settings(plan), ...lighttpdPaths(plan, application)]
      : ["", ...mountCondition(mount, mountDirectives(plan, application))]),
    ...redirectSocket(deployment),
  ];
  return {
    files: [{ name: "lighttpd.conf", text: textOf(lines) }],
    check: "lighttpd -tt -f lighttpd.conf",
    run: "lighttpd -D -f lighttpd.conf",
    folders: state === undefined ? [run] : [state],
    ...(state !== undefined && { owned: { path: state, user: webServerUser, group: webServerGroup } }),
  };
}

/** A file that the site includes, and one that loads modules, which must not be in a condition. */
function sitePart(plan: RoutingPlan, application: LighttpdApplication): ConfigurationPart {
  const { deployment } = plan;
  const { name, mount } = deployment;
  requirePart(deployment, "lighttpd");
  const own = ownName(deployment);
  const path = `/etc/lighttpd/${own}.conf`;
  const head = `# ${name} at ${mount}, in a site of lighttpd.`;
  const lines = [
    head,
    ...application.lines,
    "",
    ...mountCondition(mount, [...siteSettings(plan), ...mountDirectives(plan, application)]),
  ];
  const modules = moduleNames(plan, application).map(lighttpdString).join(", ");
  return {
    files: [
      { name: path, text: textOf(lines) },
      {
        name: `/etc/lighttpd/conf-available/50-${own}.conf`,
        text: textOf([head, `server.modules += (${modules})`]),
      },
    ],
    additions: [
      {
        line: `include ${lighttpdString(path)}`,
        place: "once, as the last line of /etc/lighttpd/lighttpd.conf, or of the condition of one site",
      },
    ],
    before: `lighty-enable-mod ${own}`,
    check: "lighttpd -tt -f /etc/lighttpd/lighttpd.conf",
    run: "systemctl restart lighttpd",
    folders: [],
  };
}

function moduleNames({ deployment }: RoutingPlan, { modules }: LighttpdApplication): string[] {
  const { root, mount, part } = deployment;
  return [
    // For what the mount undoes.
    ...(part === "whole" ? [] : ["mod_access"]),
    // A file below a mount is found by its alias, before a rewrite looks for it.
    ...new Set([
      ...(root !== undefined && mount !== "" ? ["mod_alias"] : []),
      // Rewriting comes first: the conditions are matched again afterwards.
      ...(root !== undefined || mount !== "" ? ["mod_rewrite"] : []),
      ...modules,
      ...(root !== undefined && part === "into" ? ["mod_fastcgi"] : []),
    ]),
  ];
}

/**
 * Refuses encoded slashes. lighttpd decodes them, and sends the application what the client wrote. A condition cannot match the
 * original path, so this applies to the whole server.
 */
function encodedSlashDirectives(plan: RoutingPlan): string[] {
  return paragraph(
    "Refuses %2F, which is a slash to lighttpd but part of a name to the application.",
    mustRefuseEncodedSlashes(plan)
      ? [`server.http-parseopts = ("url-path-2f-decode" => "disable", "url-path-2f-reject" => "enable")`]
      : [],
  );
}

/** What a mount has in its condition. */
function mountDirectives(plan: RoutingPlan, application: LighttpdApplication): string[] {
  const { mount, root } = plan.deployment;
  return [
    ...settings(plan),
    ...paragraph(
      "The folder of the files.",
      root === undefined
        ? []
        : [`alias.url = (${lighttpdString(`${mount}/`)} => ${lighttpdString(`${root}/`)})`],
    ),
    ...paragraph("The mount without a slash.", [
      `url.rewrite-once = (${lighttpdString(`${mountRegex(mount)}(\\?.*)?$`)} => ${lighttpdString(`${mount}/$1`)})`,
    ]),
    ...lighttpdPaths(plan, application),
  ];
}

/** Undoes what a site may set for all of its paths. */
function siteSettings({ deployment: { root } }: RoutingPlan): string[] {
  return paragraph("What the site sets for other paths has no effect here.", [
    "url.access-deny = ()",
    "url.rewrite-repeat = ()",
    "url.rewrite-if-not-file = ()",
    "url.rewrite-repeat-if-not-file = ()",
    "server.stream-request-body = 0",
    'server.error-handler-404 = ""',
    'server.error-handler = ""',
    'server.error-intercept = "disable"',
    ...(root === undefined ? [] : ["fastcgi.server = ()", "static-file.exclude-extensions = ()"]),
  ]);
}

/** Limits, streams and static files. */
function settings(plan: RoutingPlan): string[] {
  const { maxBodyBytes, root } = plan.deployment;
  return [
    ...paragraph(
      [
        "The maximum size of a request body, in KiB. Bodies are buffered: with streaming, those without a length are refused.",
      ],
      [`server.max-request-size = ${Math.ceil(maxBodyBytes / 1024)}`],
    ),
    ...(plan.streams.length === 0
      ? []
      : paragraph(
          ["Responses are sent as they are produced, no faster than the client reads them."],
          ["server.stream-response-body = 2"],
        )),
    ...(root === undefined ? [] : staticFileDirectives(plan)),
  ];
}

/** Directives for static files. */
function staticFileDirectives(plan: RoutingPlan): string[] {
  return [
    ...paragraph(
      [
        'By default, lighttpd also serves "/secret.txt" for "/secret.txt/" and "/secret.txt/x", which the globs of protected and',
        "filtered paths may not match.",
      ],
      ['static-file.disable-pathinfo = "enable"'],
    ),
    ...(plan.deployment.links === "followed"
      ? []
      : paragraph(
          [
            "A symbolic link could lead to a protected file, or out of the root. The path of the root must not contain one either.",
          ],
          ['server.follow-symlink = "disable"'],
        )),
    ...indexFileDirectives(plan),
  ];
}

/** Index files, unless lighttpd would serve one without checking whether the file itself is protected or filtered. */
function indexFileDirectives(plan: RoutingPlan): string[] {
  if (servesIndex(plan)) return ['index-file.names = ("index.html")'];
  // By default there are none, and lighttpd 1.4.69 warns of an empty list outside of a condition.
  if (plan.deployment.part === "whole") return [];
  return paragraph(
    ["An index file could be protected or filtered, which lighttpd would not check for its folder."],
    ["index-file.names = ()"],
  );
}

function lighttpdNotes(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  const { responder } = deployment.lighttpd;
  return [
    ...commonNotes(plan),
    ...(deployment.tls.certificate === undefined
      ? []
      : ["lighttpd's HTTPS is in Debian's package lighttpd-mod-openssl."]),
    ...(protect.length > 0
      ? [
          "lighttpd reads an answer without a Status as allowed: only the application may listen on its socket.",
        ]
      : []),
    ...(protect.length > 0 && responder === "cgi"
      ? [
          `lighttpd does not ask authorizers by CGI: the application must also listen on ${onlyUpstream(deployment)}.`,
        ]
      : []),
  ];
}
