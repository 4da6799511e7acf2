import { ConfigurationError } from "../../errors.js";
import { applicationSocket, hostAndPort, onlyUpstream } from "../application-socket.js";
import type { RoutingPlan } from "../plan/plan.js";
import { paragraph } from "../text.js";
import type { ApacheParts } from "./apache-parts.js";
import { apachePath, apacheSection, apacheWord } from "./apache-text.js";

/** The hooks of mod_fastcgi, by the form of the deployment. */
export const FASTCGI_HOOKS = {
  "fastcgi-access-checker": "FastCgiAccessChecker",
  "fastcgi-authenticator": "FastCgiAuthenticator",
  "fastcgi-authorizer": "FastCgiAuthorizer",
} as const;

/** One of the forms. */
export type FastCgiForm = keyof typeof FASTCGI_HOOKS;

/** Whether a form is a hook of mod_fastcgi. */
export function isFastCgiForm(form: string): form is FastCgiForm {
  return Object.hasOwn(FASTCGI_HOOKS, form);
}

/** The name under which mod_fastcgi knows the application: a path below a folder, without a file. */
export function fastCgiName({ deployment }: RoutingPlan): string {
  const { state, name } = deployment;
  return `${state ?? "/usr/local/lib"}/${name}/${name}`;
}

/** Sends all other paths to the application by mod_fastcgi, which the Debian project dropped. */
export function fastCgiResponder(plan: RoutingPlan): ApacheParts {
  const name = fastCgiName(plan);
  const folder = name.slice(0, name.lastIndexOf("/"));
  return {
    modules: ["alias", "fastcgi"],
    server: fastCgiServer(plan),
    // Apache looks for files from the top: without the folder it would decide by the one above.
    folders: [folder],
    owned: {
      path: ipcFolder(plan),
      user: plan.deployment.webServerUser ?? "www-data",
      group: plan.deployment.webServerGroup,
    },
    notes: [
      "Run by hand with mod_fastcgi of 2.4.7 (SNAP-0910052141), which no test has: request a protected path without credentials first.",
      "mod_fastcgi refuses bodies of unknown length with 411, and paths with %2F with 404.",
    ],
    site: [
      ...paragraph(
        ["The application handles all other paths. The name of its server is no file."],
        [
          `ScriptAliasMatch "^(/[\\s\\S]*)$" ${apachePath(`${name}$1`)}`,
          ...apacheSection("Directory", apachePath(folder), [
            "SetHandler fastcgi-script",
            "Options ExecCGI",
            "Require all granted",
          ]),
        ],
      ),
      ...paragraph(
        ["The maximum size of a request body, in bytes."],
        [`LimitRequestBody ${plan.deployment.maxBodyBytes}`],
      ),
    ],
  };
}

function ipcFolder({ deployment: { state } }: RoutingPlan): string {
  return `${state ?? "/run/apache2"}/fastcgi`;
}

/** The application, as the responder and the hooks name it. */
function fastCgiServer(plan: RoutingPlan): string[] {
  const { timeout } = plan.deployment;
  const socket = applicationSocket(onlyUpstream(plan.deployment));
  const address =
    socket.kind === "unix"
      ? `-socket ${apachePath(socket.path)}`
      : `-host ${apacheWord(hostAndPort(socket))}`;
  // Responses are sent as they come, and an authorizer needs the field.
  const options = `-pass-header Authorization -idle-timeout ${timeout} -flush`;
  return [
    `FastCgiIpcDir ${apachePath(ipcFolder(plan))}`,
    `FastCgiExternalServer ${apachePath(fastCgiName(plan))} ${address} ${options}`,
  ];
}

/** The error of a deployment with a mount, also that of a part of a site. */
export function onlyWhole({ deployment: { mount } }: RoutingPlan): ConfigurationError {
  return new ConfigurationError(
    "ERR_DEPLOYMENT",
    `Cannot configure Apache with responder fastcgi at ${mount}: it was run for a whole server only; use proxy-pass`,
  );
}
