import { ConfigurationError } from "../../errors.js";
import { applicationSocket, hostAndPort, onlyUpstream } from "../application-socket.js";
import { fastCgiResponder } from "./apache-fastcgi.js";
import { FALLBACK_FILE, MODULES_FOLDER, type ApacheParts } from "./apache-parts.js";
import { apacheWord, apachePath, apacheSection } from "./apache-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { programOf } from "../program.js";
import { paragraph } from "../text.js";

/** What depends on the authorizers. */
export interface ResponderOptions {
  /** Whether Apache may split the path into SCRIPT_NAME and PATH_INFO. */
  readonly cutsPath: boolean;
}

/** The part of the configuration that sends requests to the responders of an application without a mount. */
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
    case "fastcgi":
      return fastCgiResponder(plan);
  }
}

function proxyPass(plan: RoutingPlan): ApacheParts {
  const { module, keepsConnections } = proxyModule(plan);
  const { socket, backend } = backendOf(plan);
  return {
    modules: ["proxy", module, "rewrite"],
    notes: [BODY_LIMIT_NOTE],
    site: [
      "",
      ...bodyLimitRules(plan),
      ...paragraph(
        [`The application handles all other paths${keepsConnections ? ", over kept connections" : ""}.`],
        [`ProxyPass "/" ${apacheWord(`${socket}${backend}/`)} ${workerOptions(plan)}`],
      ),
    ],
  };
}

/** @throws ConfigurationError `ERR_DEPLOYMENT` for an IPv6 address: `<Proxy>` reads its brackets as a pattern */
function setHandler(plan: RoutingPlan): ApacheParts {
  const listen = onlyUpstream(plan.deployment);
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
      "",
      ...bodyLimitRules(plan),
      ...paragraph(
        [
          "The application handles all other paths. They are rewritten to a file that does not exist, because Apache would use",
          "an existing part of the path as SCRIPT_NAME.",
        ],
        [
          `RewriteRule "^/" ${apacheWord(`${MODULES_FOLDER}/${FALLBACK_FILE}`)} [END]`,
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
    ],
  };
}

function fcgid(plan: RoutingPlan, options: ResponderOptions): ApacheParts {
  const program = programOf(plan.deployment, "mod_fcgid");
  return {
    modules: ["alias", "fcgid"],
    program,
    site: [
      ...programDirectives({
        ...options,
        handler: "fcgid-script",
        program: program.path,
        folder: program.folder,
      }),
      ...fcgidSettings(plan, program.path).lines,
    ],
  };
}

/** Settings of mod_fcgid for the program. Most of them are those of a whole virtual host, so a site keeps its own. */
export function fcgidSettings(
  plan: RoutingPlan,
  program: string,
): { readonly lines: readonly string[]; readonly notes: readonly string[] } {
  const { timeout, maxBodyBytes, apache, part } = plan.deployment;
  const streams = plan.streams.length > 0;
  // mod_fcgid kills a process that is busy for longer.
  const busy = streams ? 86_400 : Math.max(300, timeout + 30);
  const shared = [
    `FcgidMaxRequestLen ${maxBodyBytes}`,
    `FcgidBusyTimeout ${busy}`,
    ...(streams ? ["FcgidOutputBufferSize 0"] : []),
  ];
  if (part === "into") {
    return {
      lines: paragraph(
        ["Each process handles one request at a time."],
        [`FcgidCmdOptions ${apachePath(program)} MaxProcesses ${apache.processes} IOTimeout ${timeout}`],
      ),
      notes: [
        `mod_fcgid refuses bodies above 128 KiB unless the virtual host sets more for all of its programs: ${shared.join("; ")}.`,
      ],
    };
  }
  return {
    notes: [],
    lines: [
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
          `FcgidBusyTimeout ${busy}`,
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
      ...programDirectives({
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
function programDirectives({ handler, program, folder, cutsPath }: ProgramOptions): string[] {
  const [regex, target] = cutsPath ? ["^(/[\\s\\S]*)$", `${program}$1`] : ["^(?:/|$)", program];
  return paragraph(
    ["The application, which Apache starts, handles all other paths."],
    [
      `ScriptAliasMatch "${regex}" ${apachePath(target)}`,
      ...apacheSection("Directory", apachePath(folder), [
        `SetHandler ${handler}`,
        "Options ExecCGI",
        "Require all granted",
      ]),
    ],
  );
}

function backendOf({ deployment }: RoutingPlan): { readonly socket: string; readonly backend: string } {
  const socket = applicationSocket(onlyUpstream(deployment));
  const { scheme } = proxyModule({ deployment });
  return socket.kind === "unix"
    ? { socket: `unix:${socket.path}|`, backend: `${scheme}://${deployment.name}` }
    : { socket: "", backend: `${scheme}://${hostAndPort(socket)}` };
}

/** The module of mod_proxy for the protocol of the application. */
export function proxyModule({ deployment: { protocol } }: Pick<RoutingPlan, "deployment">): {
  readonly module: string;
  readonly scheme: string;
  readonly keepsConnections: boolean;
} {
  return protocol === "scgi"
    ? { module: "proxy_scgi", scheme: "scgi", keepsConnections: false }
    : { module: "proxy_fcgi", scheme: "fcgi", keepsConnections: true };
}

/** The options of a worker of mod_proxy. */
export function workerOptions({ deployment, streams }: RoutingPlan): string {
  const { keepsConnections } = proxyModule({ deployment });
  const flush = streams.length > 0 ? " flushpackets=on" : "";
  const reuse = keepsConnections ? "enablereuse=on " : "";
  return `${reuse}timeout=${deployment.timeout}${flush}`;
}

export const BODY_LIMIT_NOTE =
  "Apache limits bodies of proxied requests only by Content-Length: the application must limit those without one.";

/** The maximum size of a request body. mod_proxy ignores LimitRequestBody. */
export function bodyLimitRules({ deployment }: RoutingPlan): string[] {
  return [
    "# The maximum size of a request body, in bytes.",
    `RewriteCond expr "%{HTTP:Content-Length} -gt ${deployment.maxBodyBytes}"`,
    'RewriteRule "^" "-" [R=413,L]',
  ];
}
