import { ConfigurationError } from "../../errors.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import { MODULES_FOLDER, type ApacheParts } from "./apache-parts.js";
import { apacheWord, apachePath, apacheSection } from "./apache-text.js";
import { mountRegex } from "../plan/plan-regex.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf } from "../program.js";
import { paragraph } from "../text.js";

/** What depends on the authorizers. */
export interface ResponderOptions {
  /** Whether Apache may split the path into SCRIPT_NAME and PATH_INFO. */
  readonly cutsPath: boolean;
}

/** The part of the configuration that sends requests to the application's responders. */
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

/** A file that does not exist, in a folder that does: a path rewritten to it has no PATH_INFO. */
const FALLBACK_FILE = ".application";

function proxyPass(plan: RoutingPlan): ApacheParts {
  const { mount } = plan.deployment;
  const { socket, backend } = backendOf(plan);
  const target = apacheWord(`${socket}${backend}${mount || "/"}`);
  return {
    modules: ["proxy", "proxy_fcgi", "rewrite"],
    notes: [BODY_LIMIT_NOTE],
    site: [
      ...bodyLimit(plan),
      ...paragraph(
        ["The application handles all other paths, over kept connections."],
        [`ProxyPass ${apacheWord(mount || "/")} ${target} ${workerOptions(plan)}`],
      ),
      ...pathParams(mount),
    ],
  };
}

/** @throws ConfigurationError `ERR_DEPLOYMENT` for an IPv6 address: `<Proxy>` reads its brackets as a pattern */
function setHandler(plan: RoutingPlan): ApacheParts {
  const { mount, listen } = plan.deployment;
  if (listen.startsWith("[")) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure Apache with responder set-handler: it cannot keep connections to ${listen}; use proxy-pass, 127.0.0.1 or a unix socket`,
    );
  }
  const { socket, backend } = backendOf(plan);
  return {
    modules: ["proxy", "proxy_fcgi", "rewrite"],
    notes: [BODY_LIMIT_NOTE],
    site: [
      ...bodyLimit(plan),
      ...paragraph(
        [
          "The application handles all other paths. They are rewritten to a file that does not exist, because Apache would use",
          "an existing part of the path as SCRIPT_NAME.",
        ],
        [
          `RewriteRule ${apacheWord(`${mountRegex(mount)}(?:/|$)`)} ${apacheWord(`${MODULES_FOLDER}/${FALLBACK_FILE}`)} [END]`,
          ...apacheSection("Files", apacheWord(FALLBACK_FILE), [
            `SetHandler ${apacheWord(`proxy:${socket}${backend}/`)}`,
            "Require all granted",
          ]),
        ],
      ),
      ...paragraph(
        ["Connections to the application are kept."],
        apacheSection("Proxy", `${apacheWord(`${backend}/`)} ${workerOptions(plan)}`, []),
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
      ...programDirectives(plan, {
        ...options,
        handler: "fcgid-script",
        program: program.path,
        folder: program.folder,
      }),
      ...paragraph(
        [
          "The maximum size of a request body, in bytes; mod_fcgid's default is 128 KiB. With LimitRequestBody, it would pass on a",
          "body that is too large as an empty one.",
        ],
        [`FcgidMaxRequestLen ${maxBodyBytes}`, "LimitRequestBody 0"],
      ),
      ...paragraph(
        ["Each process handles one request at a time."],
        [
          `FcgidMaxProcessesPerClass ${apache.processes}`,
          `FcgidIOTimeout ${timeout}`,
          // mod_fcgid kills a process that is busy for longer.
          `FcgidBusyTimeout ${streams ? 86_400 : Math.max(300, timeout + 30)}`,
          ...(streams
            ? ["# Sends each part of a response as it is produced.", "FcgidOutputBufferSize 0"]
            : []),
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
      ...programDirectives(plan, {
        ...options,
        handler: "cgi-script",
        program: program.path,
        folder: program.folder,
      }),
      `CGIDScriptTimeout ${plan.deployment.timeout}`,
      ...paragraph(
        ["The maximum size of a request body, in bytes."],
        [`LimitRequestBody ${plan.deployment.maxBodyBytes}`],
      ),
    ],
  };
}

interface ProgramOptions extends ResponderOptions {
  readonly handler: "fcgid-script" | "cgi-script";
  readonly program: string;
  readonly folder: string;
}

/** Directives that map all other paths to a program. */
function programDirectives(
  plan: RoutingPlan,
  { handler, program, folder, cutsPath }: ProgramOptions,
): string[] {
  const start = mountRegex(plan.deployment.mount);
  const aliases = cutsPath
    ? [
        // The mount without a slash is "/" below the mount.
        ...(plan.deployment.mount === "" ? [] : [[`${start}$`, `${program}/`]]),
        [`${start}(/[\\s\\S]*)$`, `${program}$1`],
      ]
    : [[`${start}(?:/|$)`, program]];
  return paragraph(
    ["The application, which Apache starts, handles all other paths."],
    [
      ...aliases.map(([regex, target]) => `ScriptAliasMatch "${regex}" ${apachePath(target!)}`),
      ...apacheSection("Directory", apachePath(folder), [
        `SetHandler ${handler}`,
        "Options ExecCGI",
        "Require all granted",
      ]),
    ],
  );
}

function backendOf({ deployment }: RoutingPlan): { readonly socket: string; readonly backend: string } {
  const socket = applicationSocket(deployment.listen);
  return socket.kind === "unix"
    ? { socket: `unix:${socket.path}|`, backend: `fcgi://${deployment.name}` }
    : { socket: "", backend: `fcgi://${hostAndPort(socket)}` };
}

function workerOptions({ deployment, streams }: RoutingPlan): string {
  const flush = streams.length > 0 ? " flushpackets=on" : "";
  return `enablereuse=on timeout=${deployment.timeout}${flush}`;
}

/** Sends the mount as SCRIPT_NAME. mod_proxy_fcgi would send the whole path. */
function pathParams(mount: string): string[] {
  if (mount === "") return [];
  const set = "ProxyFCGISetEnvIf";
  return paragraph(
    ["SCRIPT_NAME is the mount, and PATH_INFO is the path below it."],
    [
      `${set} "true" SCRIPT_NAME ${apacheWord(mount)}`,
      `${set} "true" PATH_INFO "/"`,
      `${set} "%{REQUEST_URI} =~ m#${mountRegex(mount)}(/[\\s\\S]*)$#" PATH_INFO "$1"`,
    ],
  );
}

const BODY_LIMIT_NOTE =
  "Apache limits bodies of proxied requests only by Content-Length: the application must limit those without one.";

/** mod_proxy ignores LimitRequestBody. */
function bodyLimit({ deployment }: RoutingPlan): string[] {
  return paragraph(
    ["The maximum size of a request body, in bytes."],
    [
      `RewriteCond expr "%{HTTP:Content-Length} -gt ${deployment.maxBodyBytes}"`,
      'RewriteRule "^" "-" [R=413,L]',
    ],
  );
}
