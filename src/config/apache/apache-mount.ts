import { ConfigurationError } from "../../errors.js";
import { applicationSocket, hostAndPort, onlyUpstream } from "../application-socket.js";
import { mustRefuseEncodedSlashes } from "../plan/encoded-slash.js";
import { ownName, ownVariable } from "../plan/own-name.js";
import { mountRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf } from "../program.js";
import { paragraph } from "../text.js";
import { mountFiles } from "./apache-files.js";
import { onlyWhole } from "./apache-fastcgi.js";
import { FALLBACK_FILE, MODULES_FOLDER, type ApacheParts } from "./apache-parts.js";
import {
  BODY_LIMIT_NOTE,
  bodyLimitRules,
  fcgidSettings,
  proxyModule,
  workerOptions,
  type ResponderOptions,
} from "./apache-responder.js";
import { apacheWord, apachePath, apacheSection } from "./apache-text.js";

/**
 * The part of the configuration that has the application at its mount. Everything in it is for the mount, so that it can be a part
 * of a site: in sections, and in rewrite rules that only run there.
 */
export function apacheMount(plan: RoutingPlan, options: ResponderOptions): ApacheParts {
  const { mount } = plan.deployment;
  const { handler, location, before = [], after = [], ...parts } = doorOf(plan, options);
  const files = mountFiles(plan, handler === undefined ? [] : [handler.file]);
  return {
    ...parts,
    modules: [...parts.modules, ...files.modules, "rewrite"],
    site: [
      ...files.site,
      ...before,
      ...paragraph(
        ["The application, at its mount."],
        apacheSection("Location", apacheWord(mount), [
          ...location,
          ...(handler === undefined ? [] : [`SetHandler ${apacheWord(handler.name)}`]),
          ...(files.location ?? []),
          "# By default, Apache does not pass on the Authorization header.",
          "CGIPassAuth On",
          "# Rules run only in a folder that may have links. This opens none: for links, that of the files counts.",
          "Options +FollowSymLinks",
          "RewriteEngine On",
          ...refusals(plan),
        ]),
      ),
      ...after,
    ],
  };
}

/** How one kind of responder is at a mount. */
interface MountDoor extends Omit<ApacheParts, "site"> {
  /** Lines before the location of the mount. */
  readonly before?: readonly string[];
  readonly location: readonly string[];
  /** Lines after it. */
  readonly after?: readonly string[];
  /** The handler of the application, and the file to which all of its paths lead. */
  readonly handler?: { readonly name: string; readonly file: string };
}

function doorOf(plan: RoutingPlan, options: ResponderOptions): MountDoor {
  switch (plan.deployment.apache.responder) {
    case "proxy-pass":
      return proxyPass(plan);
    case "set-handler":
      return setHandler(plan);
    case "fcgid":
    case "cgi":
      return program(plan, options);
    case "fastcgi":
      throw onlyWhole(plan);
  }
}

function proxyPass(plan: RoutingPlan): MountDoor {
  const { mount } = plan.deployment;
  const { socket, backend } = mountBackend(plan);
  const { module } = proxyModule(plan);
  return {
    modules: ["proxy", module],
    notes: [BODY_LIMIT_NOTE],
    location: [
      `ProxyPass ${apacheWord(`${socket}${backend}${mount}`)} ${workerOptions(plan)}`,
      ...(plan.deployment.protocol === "scgi" ? [] : pathParams(mount)),
      ...bodyLimitRules(plan),
    ],
  };
}

/** @throws ConfigurationError `ERR_DEPLOYMENT` for an IPv6 address: `<Proxy>` reads its brackets as a pattern */
function setHandler(plan: RoutingPlan): MountDoor {
  const { mount } = plan.deployment;
  const listen = onlyUpstream(plan.deployment);
  if (listen.startsWith("[")) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure Apache with responder set-handler: it cannot keep connections to ${listen}; use proxy-pass, 127.0.0.1 or a unix socket`,
    );
  }
  const { socket, backend } = mountBackend(plan);
  const file = `${MODULES_FOLDER}/${FALLBACK_FILE}`;
  return {
    modules: ["alias", "proxy", "proxy_fcgi"],
    notes: [BODY_LIMIT_NOTE],
    before: [
      ...paragraph(
        [
          "All paths of the application lead to a file that does not exist, because Apache would use an existing part of the path",
          "as SCRIPT_NAME.",
        ],
        apacheSection("Directory", apacheWord(MODULES_FOLDER), [
          ...apacheSection("Files", apacheWord(FALLBACK_FILE), ["Require all granted"]),
        ]),
      ),
      ...paragraph(
        ["Connections to the application are kept."],
        apacheSection("Proxy", `${apacheWord(`${backend}/`)} ${workerOptions(plan)}`, []),
      ),
    ],
    location: [`Alias ${apacheWord(file)}`, ...pathParams(mount), ...bodyLimitRules(plan)],
    handler: { name: `proxy:${socket}${backend}/`, file },
  };
}

/** A program that Apache starts, by mod_fcgid or as a plain CGI program. */
function program(plan: RoutingPlan, { cutsPath }: ResponderOptions): MountDoor {
  const { deployment } = plan;
  const { mount, apache, timeout, maxBodyBytes } = deployment;
  const isCgi = apache.responder === "cgi";
  const started = programOf(deployment, isCgi ? "mod_cgid" : "mod_fcgid");
  const variable = ownVariable(deployment).toUpperCase();
  const settings = isCgi ? undefined : fcgidSettings(plan, started.path);
  return {
    modules: ["alias", isCgi ? "cgid" : "fcgid"],
    program: started,
    notes: settings?.notes ?? [],
    before: [
      ...paragraph(
        ["The program, which Apache starts."],
        apacheSection("Directory", apachePath(started.folder), ["Options ExecCGI", "Require all granted"]),
      ),
      ...(settings?.lines ?? []),
    ],
    location: [
      // The mount without a slash is "/" below the mount.
      `ScriptAlias ${apachePath(cutsPath ? `${started.path}/` : started.path)}`,
      ...(isCgi
        ? [`CGIDScriptTimeout ${timeout}`, `LimitRequestBody ${maxBodyBytes}`]
        : [
            "# With a limit, mod_fcgid would pass on a body that is too large as an empty one.",
            "LimitRequestBody 0",
          ]),
    ],
    handler: { name: isCgi ? "cgi-script" : "fcgid-script", file: started.path },
    ...(cutsPath && {
      after: paragraph(
        ["PATH_INFO is the path below the mount."],
        apacheSection("LocationMatch", `"^/+${mountRegex(mount).slice(2)}(?<${variable}>/[\\s\\S]*)$"`, [
          `ScriptAlias "${started.path}%{env:MATCH_${variable}}"`,
        ]),
      ),
    }),
  };
}

/** The application's worker of mod_proxy, whose name no other one has. */
function mountBackend({ deployment }: RoutingPlan): { readonly socket: string; readonly backend: string } {
  const socket = applicationSocket(onlyUpstream(deployment));
  const { scheme } = proxyModule({ deployment });
  const name = deployment.part === "whole" ? deployment.name : ownName(deployment).replaceAll("_", "-");
  return socket.kind === "unix"
    ? { socket: `unix:${socket.path}|`, backend: `${scheme}://${name}` }
    : { socket: "", backend: `${scheme}://${hostAndPort(socket)}` };
}

/** Sends the mount as SCRIPT_NAME. mod_proxy_fcgi would send the whole path. */
function pathParams(mount: string): string[] {
  const set = "ProxyFCGISetEnvIf";
  return [
    "# SCRIPT_NAME is the mount, and PATH_INFO is the path below it.",
    `${set} "true" SCRIPT_NAME ${apacheWord(mount)}`,
    `${set} "true" PATH_INFO "/"`,
    `${set} "%{REQUEST_URI} =~ m#${mountRegex(mount)}(/[\\s\\S]*)$#" PATH_INFO "$1"`,
  ];
}

/** A raw request line in which ".." may remove an empty segment, which is none to the application: "/x//../members". */
const DOTS_AFTER_SLASHES = String.raw`^\S+ (?>[^?\s]*?//)(?:[^?\s]*/)?(?:\.|%2[eE]){2}(?:[/?\s]|$)`;
const ENCODED_SLASH = String.raw`^\S+ [^?\s]*%2[fF]`;

/** Refuses paths that are protected to the application and others to Apache, depending on what the site sets for itself. */
function refusals(plan: RoutingPlan): string[] {
  if (plan.protect.length === 0) return [];
  const conditions = [
    '"%{REQUEST_URI}" "//"',
    ...(mustRefuseEncodedSlashes(plan)
      ? [`"%{THE_REQUEST}" "${DOTS_AFTER_SLASHES}"`, `"%{THE_REQUEST}" "${ENCODED_SLASH}"`]
      : []),
  ];
  return [
    "# Refuses %2F and several slashes if Apache keeps them: it could take a protected path for another one.",
    ...conditions.map(
      (condition, index) => `RewriteCond ${condition}${index < conditions.length - 1 ? " [OR]" : ""}`,
    ),
    'RewriteRule "^" "-" [R=404,L]',
  ];
}
