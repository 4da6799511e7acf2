import { ConfigurationError } from "../../errors.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import { MODULES, type ApacheParts } from "./apache-parts.js";
import { quoted, quotedPath, section } from "./apache-text.js";
import { mountRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf } from "../program.js";
import { paragraph } from "../text.js";

/** What hangs together with the authorizers. */
export interface ResponderOptions {
  /** Whether the path may be cut into SCRIPT_NAME and PATH_INFO in Apache itself. */
  readonly cutsPath: boolean;
}

/** The part of the configuration that leads requests to the application's responders. */
export function apacheResponder(plan: RoutingPlan, options: ResponderOptions): ApacheParts {
  switch (plan.deployment.apache.responder) {
    case "proxy-pass":
      return proxyPass(plan);
    case "set-handler":
      return setHandler(plan);
    case "fcgid":
      return fcgid(plan, options);
    case "cgi":
      return cgi(plan, options);
  }
}

/** A file that is not there, in a folder that is: what is rewritten to it has no rest of a path behind it. */
const STAND_IN = ".application";

function proxyPass(plan: RoutingPlan): ApacheParts {
  const { mount } = plan.deployment;
  const { socket, backend } = peerOf(plan);
  const target = quoted(`${socket}${backend}${mount || "/"}`);
  return {
    modules: ["proxy", "proxy_fcgi", "rewrite"],
    notes: [LENGTH_ALONE],
    site: [
      ...announcedLimit(plan),
      ...paragraph(
        ["The application answers for the rest. Connections to it are kept."],
        [`ProxyPass ${quoted(mount || "/")} ${target} ${workerOptions(plan)}`],
      ),
      ...pathParams(mount),
    ],
  };
}

/** @throws ConfigurationError `ERR_DEPLOYMENT` for an address of IPv6: `<Proxy>` takes its brackets for a pattern */
function setHandler(plan: RoutingPlan): ApacheParts {
  const { mount, listen } = plan.deployment;
  if (listen.startsWith("[")) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure Apache with responder set-handler: it cannot keep connections to ${listen}; use proxy-pass, 127.0.0.1 or a unix socket`,
    );
  }
  const { socket, backend } = peerOf(plan);
  return {
    modules: ["proxy", "proxy_fcgi", "rewrite"],
    notes: [LENGTH_ALONE],
    site: [
      ...announcedLimit(plan),
      ...paragraph(
        [
          "The application answers for the rest. Its paths are those of no file: Apache would take what it finds of them on",
          "the disk for SCRIPT_NAME.",
        ],
        [
          `RewriteRule ${quoted(`${mountRegex(mount)}(?:/|$)`)} ${quoted(`${MODULES}/${STAND_IN}`)} [END]`,
          ...section("Files", quoted(STAND_IN), [
            `SetHandler ${quoted(`proxy:${socket}${backend}/`)}`,
            "Require all granted",
          ]),
        ],
      ),
      ...paragraph(
        ["Connections to it are kept."],
        section("Proxy", `${quoted(`${backend}/`)} ${workerOptions(plan)}`, []),
      ),
      ...pathParams(mount),
    ],
  };
}

function fcgid(plan: RoutingPlan, options: ResponderOptions): ApacheParts {
  const { timeout, maxBodyBytes, apache } = plan.deployment;
  const program = programOf(plan.deployment, "mod_fcgid");
  const streams = plan.streams.length > 0;
  return {
    modules: ["alias", "fcgid"],
    program,
    site: [
      ...scripts(plan, {
        ...options,
        handler: "fcgid-script",
        program: program.path,
        folder: program.folder,
      }),
      ...paragraph(
        [
          "Its own limit of request bodies, in bytes; it would be 128 KiB. Behind LimitRequestBody mod_fcgid takes a body that",
          "is too long for an empty one.",
        ],
        [`FcgidMaxRequestLen ${maxBodyBytes}`, "LimitRequestBody 0"],
      ),
      ...paragraph(
        ["Each process answers one request at a time."],
        [
          `FcgidMaxProcessesPerClass ${apache.processes}`,
          `FcgidIOTimeout ${timeout}`,
          // A process that is busy for longer is killed.
          `FcgidBusyTimeout ${streams ? 86_400 : Math.max(300, timeout + 30)}`,
          ...(streams ? ["# Hands on each piece of an answer as it comes.", "FcgidOutputBufferSize 0"] : []),
        ],
      ),
    ],
  };
}

function cgi(plan: RoutingPlan, options: ResponderOptions): ApacheParts {
  const program = programOf(plan.deployment, "mod_cgid");
  return {
    modules: ["alias", "cgid"],
    program,
    site: [
      ...scripts(plan, { ...options, handler: "cgi-script", program: program.path, folder: program.folder }),
      `CGIDScriptTimeout ${plan.deployment.timeout}`,
      ...paragraph(
        ["The largest request body, in bytes."],
        [`LimitRequestBody ${plan.deployment.maxBodyBytes}`],
      ),
    ],
  };
}

interface ScriptOptions extends ResponderOptions {
  readonly handler: "fcgid-script" | "cgi-script";
  readonly program: string;
  readonly folder: string;
}

/** The rest of the paths as those of a program. */
function scripts(plan: RoutingPlan, { handler, program, folder, cutsPath }: ScriptOptions): string[] {
  const start = mountRegex(plan.deployment.mount);
  const aliases = cutsPath
    ? [
        // The mount without a slash is the path "/" below it.
        ...(plan.deployment.mount === "" ? [] : [[`${start}$`, `${program}/`]]),
        [`${start}(/[\\s\\S]*)$`, `${program}$1`],
      ]
    : [[`${start}(?:/|$)`, program]];
  return paragraph(
    ["The application answers for the rest. Apache starts it."],
    [
      ...aliases.map(([regex, target]) => `ScriptAliasMatch "${regex}" ${quotedPath(target!)}`),
      ...section("Directory", quotedPath(folder), [
        `SetHandler ${handler}`,
        "Options ExecCGI",
        "Require all granted",
      ]),
    ],
  );
}

function peerOf({ deployment }: RoutingPlan): { readonly socket: string; readonly backend: string } {
  const socket = applicationSocket(deployment.listen);
  return socket.kind === "unix"
    ? { socket: `unix:${socket.path}|`, backend: `fcgi://${deployment.name}` }
    : { socket: "", backend: `fcgi://${hostAndPort(socket)}` };
}

function workerOptions({ deployment, streams }: RoutingPlan): string {
  const flush = streams.length > 0 ? " flushpackets=on" : "";
  return `enablereuse=on timeout=${deployment.timeout}${flush}`;
}

/** Tells the application its mount: mod_proxy_fcgi has the whole path in SCRIPT_NAME. */
function pathParams(mount: string): string[] {
  if (mount === "") return [];
  const set = "ProxyFCGISetEnvIf";
  return paragraph(
    ["What of the path is the mount, and what lies below it."],
    [
      `${set} "true" SCRIPT_NAME ${quoted(mount)}`,
      `${set} "true" PATH_INFO "/"`,
      `${set} "%{REQUEST_URI} =~ m#${mountRegex(mount)}(/[\\s\\S]*)$#" PATH_INFO "$1"`,
    ],
  );
}

const LENGTH_ALONE =
  "Apache refuses bodies of proxied requests by their Content-Length alone: those without one are the application's to limit.";

/** mod_proxy overlooks LimitRequestBody. */
function announcedLimit({ deployment }: RoutingPlan): string[] {
  return paragraph(
    ["The largest request body, in bytes."],
    [
      `RewriteCond expr "%{HTTP:Content-Length} -gt ${deployment.maxBodyBytes}"`,
      'RewriteRule "^" "-" [R=413,L]',
    ],
  );
}
