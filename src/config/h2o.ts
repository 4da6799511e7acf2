import { applicationSocket, type ApplicationSocket } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { commonNotes, linkNotes, needsOf } from "./plan/needs.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { shellWord } from "./program.js";
import { indented, textOf } from "./text.js";

/** Writes the configuration of H2O, 2.2 or newer. */
export function h2o(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { name, state, part, webServerUser = "nobody" } = plan.deployment;
  const shared = {
    needs: needsOf(plan, { inProcess: true, sendsMount: false }),
    notes: [...commonNotes(plan), ...notesOf(plan)],
    isTested: true,
  };
  if (part === "site") {
    return {
      ...shared,
      files: [
        {
          name: `${name}.h2o.conf`,
          text: textOf([`# ${name} behind H2O: a host for the hosts of h2o.conf.`, ...host(plan)]),
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
        text: textOf([`# H2O in front of ${name}.`, ...main(plan), "hosts:", ...indented(host(plan))]),
      },
    ],
    check: "h2o -t -c h2o.conf",
    run: "h2o -c h2o.conf",
    folders: state === undefined ? [] : [state],
    // Started by root and told no user, H2O 2.2 goes on as nobody.
    ...(state !== undefined && { asRoot: `chown ${webServerUser} ${shellWord(state)}` }),
  };
}

/** H2O knows neither expressions for paths nor questions, so it must not serve what an expression protects or filters. */
function servesFiles({ deployment, protect, filter }: RoutingPlan): boolean {
  return deployment.root !== undefined && protect.length === 0 && filter.length === 0;
}

function notesOf(plan: RoutingPlan): string[] {
  const { deployment, protect } = plan;
  return [
    ...(servesFiles(plan) ? linkNotes(plan, "H2O") : []),
    ...(deployment.root === undefined || servesFiles(plan)
      ? []
      : [
          "H2O serves no files here: it could not tell those apart that are protected or filtered, so all requests go to the application.",
        ]),
    ...(protect.length === 0
      ? []
      : ["H2O cannot ask an authorizer: without inProcess everything protected is open to everybody."]),
  ];
}

function main({ deployment }: RoutingPlan): string[] {
  const { state, bind, port, maxBodyBytes } = deployment;
  // Nobody but root may run as another user.
  const user = deployment.webServerUser ?? (state === undefined ? "www-data" : undefined);
  return [
    ...(user === undefined ? [] : [`user: ${quoted(user)}`]),
    ...(state === undefined
      ? ["pid-file: /run/h2o.pid", "error-log: /var/log/h2o/error.log"]
      : [
          `pid-file: ${quoted(`${state}/h2o.pid`)}`,
          `error-log: ${quoted(`${state}/error.log`)}`,
          `access-log: ${quoted(`${state}/access.log`)}`,
        ]),
    `limit-request-body: ${maxBodyBytes}`,
    "listen:",
    ...indented([
      ...(bind === undefined ? [] : [`host: ${quoted(bind.replaceAll(/[[\]]/g, ""))}`]),
      `port: ${port}`,
    ]),
  ];
}

/** One entry of `hosts`. */
function host(plan: RoutingPlan): string[] {
  const { deployment } = plan;
  const { mount, root, serverName, port, timeout } = deployment;
  const connect = proxy(applicationSocket(deployment.listen));
  const filesBelow = (path: string): string[] => (servesFiles(plan) ? ownFiles(`${root}${path}`) : []);
  const paths = [
    `${quoted(mount === "" ? "/" : mount)}:`,
    ...indented([...filesBelow(mount), ...connect]),
    ...(mount !== "" && servesFiles(plan) ? ['"/":', ...indented(filesBelow(""))] : []),
  ];
  return [
    `${quoted(`${serverName}:${port}`)}:`,
    ...indented([
      `fastcgi.timeout.io: ${timeout * 1000}`,
      "# A connection for each request. H2O 2.2 ends as a whole where it has kept one whose application answered before it",
      "# had taken the whole body.",
      "fastcgi.timeout.keepalive: 0",
      "paths:",
      ...indented(paths),
    ]),
  ];
}

/** What is no file goes on to the next handler. */
function ownFiles(root: string): string[] {
  return [
    "# Nobody is served a file or folder whose name begins with a dot.",
    "mruby.handler: |",
    ...indented([
      "lambda do |env|",
      '  path = env["PATH_INFO"].downcase.gsub("%2e", ".").gsub("%2f", "/")',
      '  path.include?("/.") ? [404, {}, ["Not Found\\n"]] : [399, {}, []]',
      "end",
    ]),
    `file.dir: ${quoted(root)}`,
  ];
}

function proxy(socket: ApplicationSocket): string[] {
  const address =
    socket.kind === "unix"
      ? [`port: ${quoted(socket.path)}`, "type: unix"]
      : [`host: ${quoted(socket.host)}`, `port: ${socket.port}`, "type: tcp"];
  return ["fastcgi.connect:", ...indented(address)];
}

/** A word of YAML, in double quotes, where JSON is YAML. */
function quoted(word: string): string {
  return JSON.stringify(word);
}
