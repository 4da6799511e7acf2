import { ConfigurationError } from "../errors.js";
import { applicationSocket, onlyUpstream, type ApplicationSocket } from "./application-socket.js";
import type { Configuration, ConfigurationPart, ConfigurationSource } from "./configuration.js";
import type { Deployment } from "./deployment.js";
import { commonNotes, linkNotes, needsOf } from "./plan/needs.js";
import { ownName, requirePart } from "./plan/own-name.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { indented, textOf } from "./text.js";

/** Generates the configuration of H2O 2.2 or newer. */
export function h2o(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { name, state, part, webServerUser = "nobody" } = plan.deployment;
  const shared = {
    needs: needsOf(plan, { inProcess: true, sendsMount: false }),
    notes: [...commonNotes(plan), ...h2oNotes(plan)],
    isTested: true,
  };
  if (part === "into") return { ...shared, ...sitePart(plan) };
  return {
    ...shared,
    files: [
      {
        name: "h2o.conf",
        text: textOf([
          `# H2O in front of ${name}.`,
          ...globalSettings(plan),
          "hosts:",
          ...indented(hostEntries(plan)),
        ]),
      },
    ],
    check: "h2o -t -c h2o.conf",
    // Without a master, H2O 2.2 writes its pid file as the other user, who may not write into /run.
    run: state === undefined ? "h2o -m master -c h2o.conf" : "h2o -c h2o.conf",
    folders: state === undefined ? [] : [state],
    // Started by root without `user`, H2O 2.2 runs as the user "nobody".
    ...(state !== undefined && { owned: { path: state, user: webServerUser } }),
  };
}

/** A file that a host of h2o.conf includes for the mount. Nothing in it has a name. */
function sitePart(plan: RoutingPlan): ConfigurationPart {
  const { deployment } = plan;
  const { name, mount } = deployment;
  requirePart(deployment, "H2O");
  const path = `/etc/h2o/${ownName(deployment)}.yaml`;
  return {
    files: [
      { name: path, text: textOf([`# ${name} at ${mount}, in a site of H2O.`, ...pathSettings(plan)]) },
    ],
    additions: [
      {
        line: `${yamlString(mount)}: !file ${yamlString(path)}`,
        place: "in paths of the host in /etc/h2o/h2o.conf, with the blanks of the other paths in front",
      },
    ],
    check: "h2o -t -c /etc/h2o/h2o.conf",
    run: "systemctl restart h2o",
    folders: [],
  };
}

/** H2O can neither match globs nor ask an authorizer, so it must not serve files if any are protected or filtered. */
function servesFiles({ deployment, protect, filter }: RoutingPlan): boolean {
  return deployment.root !== undefined && protect.length === 0 && filter.length === 0;
}

function h2oNotes(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  return [
    ...(deployment.part === "into"
      ? [
          `H2O has one limit-request-body for all hosts, 1 GiB by default: the application's own limit counts, not ${deployment.maxBodyBytes}.`,
        ]
      : []),
    ...(servesFiles(plan) ? linkNotes(plan, "H2O") : []),
    ...(deployment.root === undefined || servesFiles(plan)
      ? []
      : [
          "H2O serves no files here: it cannot tell which ones are protected or filtered, so all requests go to the application.",
        ]),
    ...(protect.length === 0
      ? []
      : ["H2O cannot ask an authorizer: without inProcess, protected paths are public."]),
  ];
}

function globalSettings({ deployment }: RoutingPlan): string[] {
  const { state, maxBodyBytes } = deployment;
  // Only root can run as another user.
  const user = deployment.webServerUser ?? (state === undefined ? "www-data" : undefined);
  return [
    ...(user === undefined ? [] : [`user: ${yamlString(user)}`]),
    ...(state === undefined
      ? ["pid-file: /run/h2o.pid", "error-log: /var/log/h2o/error.log"]
      : [
          `pid-file: ${yamlString(`${state}/h2o.pid`)}`,
          `error-log: ${yamlString(`${state}/error.log`)}`,
          `access-log: ${yamlString(`${state}/access.log`)}`,
        ]),
    `limit-request-body: ${maxBodyBytes}`,
    ...(deployment.tls.certificate === undefined
      ? ["listen:", ...indented(addressSettings(deployment, deployment.port))]
      : []),
  ];
}

/** Where a port listens. */
function addressSettings({ bind }: Deployment, port: number): string[] {
  return [
    ...(bind === undefined ? [] : [`host: ${yamlString(bind.replaceAll(/[[\]]/g, ""))}`]),
    `port: ${port}`,
  ];
}

/** HTTPS of one host, so that no other port has its paths. HTTP/2 is H2O's default. */
function httpsSettings(deployment: Deployment): string[] {
  const { certificate, key = certificate } = deployment.tls;
  if (certificate === undefined || key === undefined) return [];
  return [
    "listen:",
    ...indented([
      ...addressSettings(deployment, deployment.port),
      "ssl:",
      ...indented([
        `certificate-file: ${yamlString(certificate)}`,
        `key-file: ${yamlString(key)}`,
        "minimum-version: TLSv1.2",
      ]),
    ]),
    "# Browsers then use only HTTPS for this name, for a year. It cannot be taken back.",
    '# header.add: "Strict-Transport-Security: max-age=31536000"',
  ];
}

/** Entries of `hosts`. */
function hostEntries(plan: RoutingPlan): string[] {
  const { mount, serverName, port } = plan.deployment;
  return [
    `${yamlString(`${serverName}:${port}`)}:`,
    ...indented([
      ...httpsSettings(plan.deployment),
      "paths:",
      ...indented([`${yamlString(mount === "" ? "/" : mount)}:`, ...indented(pathSettings(plan))]),
    ]),
    ...redirectHost(plan.deployment),
  ];
}

/**
 * The host that redirects HTTP to HTTPS.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for a pattern of names: H2O redirects to one name
 */
function redirectHost(deployment: Deployment): string[] {
  const { serverName, port, tls } = deployment;
  if (tls.certificate === undefined) return [];
  if (serverName.includes("*")) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure H2O for ${serverName} with HTTPS: it redirects to one name; set serverName to that`,
    );
  }
  const location = `https://${serverName}${port === 443 ? "" : `:${port}`}/`;
  return [
    `${yamlString(`${serverName}:${tls.redirectFrom}`)}:`,
    ...indented([
      "listen:",
      ...indented(addressSettings(deployment, tls.redirectFrom)),
      "paths:",
      ...indented([
        '"/":',
        ...indented(["redirect:", ...indented([`url: ${yamlString(location)}`, "status: 308"])]),
      ]),
    ]),
  ];
}

/** The contents of the path of the application. */
function pathSettings(plan: RoutingPlan): string[] {
  const { root, timeout } = plan.deployment;
  return [
    ...(root !== undefined && servesFiles(plan) ? fileHandlers(root) : []),
    ...connectSettings(applicationSocket(onlyUpstream(plan.deployment))),
    `fastcgi.timeout.io: ${timeout * 1000}`,
    "# One connection per request. With kept connections, H2O 2.2 crashes if the application responds before it has read",
    "# the whole request body.",
    "fastcgi.timeout.keepalive: 0",
  ];
}

/** Handlers for static files. Other requests go to the next handler. */
function fileHandlers(root: string): string[] {
  return [
    "# Files and folders whose names begin with a dot are not served.",
    "mruby.handler: |",
    ...indented([
      "lambda do |env|",
      '  path = env["PATH_INFO"].downcase.gsub("%2e", ".").gsub("%2f", "/")',
      '  path.include?("/.") ? [404, {}, ["Not Found\\n"]] : [399, {}, []]',
      "end",
    ]),
    `file.dir: ${yamlString(root)}`,
  ];
}

function connectSettings(socket: ApplicationSocket): string[] {
  const address =
    socket.kind === "unix"
      ? [`port: ${yamlString(socket.path)}`, "type: unix"]
      : [`host: ${yamlString(socket.host)}`, `port: ${socket.port}`, "type: tcp"];
  return ["fastcgi.connect:", ...indented(address)];
}

/** A YAML string in double quotes, which has JSON's syntax. */
function yamlString(word: string): string {
  return JSON.stringify(word);
}
