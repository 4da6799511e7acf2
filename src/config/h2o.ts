import { applicationSocket, type ApplicationSocket } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { commonNotes, linkNotes, needsOf } from "./plan/needs.js";
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
  if (part === "into") {
    return {
      ...shared,
      files: [
        {
          name: `${name}.h2o.conf`,
          text: textOf([`# ${name} behind H2O: an entry for the hosts of h2o.conf.`, ...hostEntry(plan)]),
        },
      ],
      check: undefined,
      run: "systemctl restart h2o",
      folders: [],
    };
  }
  return {
    ...shared,
    files: [
      {
        name: "h2o.conf",
        text: textOf([
          `# H2O in front of ${name}.`,
          ...globalSettings(plan),
          "hosts:",
          ...indented(hostEntry(plan)),
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

/** H2O can neither match globs nor ask an authorizer, so it must not serve files if any are protected or filtered. */
function servesFiles({ deployment, protect, filter }: RoutingPlan): boolean {
  return deployment.root !== undefined && protect.length === 0 && filter.length === 0;
}

function h2oNotes(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  return [
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
  const { state, bind, port, maxBodyBytes } = deployment;
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
    "listen:",
    ...indented([
      ...(bind === undefined ? [] : [`host: ${yamlString(bind.replaceAll(/[[\]]/g, ""))}`]),
      `port: ${port}`,
    ]),
  ];
}

/** One entry of `hosts`. */
function hostEntry(plan: RoutingPlan): string[] {
  const { deployment } = plan;
  const { mount, root, serverName, port, timeout } = deployment;
  const connect = connectSettings(applicationSocket(deployment.listen));
  const files = root !== undefined && servesFiles(plan) ? fileHandlers(root) : [];
  const paths = [`${yamlString(mount === "" ? "/" : mount)}:`, ...indented([...files, ...connect])];
  return [
    `${yamlString(`${serverName}:${port}`)}:`,
    ...indented([
      `fastcgi.timeout.io: ${timeout * 1000}`,
      "# One connection per request. With kept connections, H2O 2.2 crashes if the application responds before it has read",
      "# the whole request body.",
      "fastcgi.timeout.keepalive: 0",
      "paths:",
      ...indented(paths),
    ]),
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
