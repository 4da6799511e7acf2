import { ConfigurationError } from "../errors.js";
import { applicationSocket, hostAndPort, onlyUpstream } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead, mayServeFiles } from "./plan/documented.js";
import { mountRegex } from "./plan/plan-regex.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";

/** Generates the configuration of Hiawatha 10 or newer. Hiawatha 11.5 was run with it by hand. */
export function hiawatha(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  return {
    ...documented(plan, { servesFiles: mayServeFiles(plan) }),
    files: [{ name: "hiawatha.conf", text: textOf(hiawathaConf(plan)) }],
    check: 'hiawatha -k -c "$PWD"',
    run: 'hiawatha -d -c "$PWD"',
  };
}

function hiawathaConf(plan: RoutingPlan): readonly string[] {
  const { name, serverName, bind, port, root, mount, maxBodyBytes, timeout, state } = plan.deployment;
  const { webServerUser = "www-data", webServerGroup } = plan.deployment;
  return [
    ...documentedHead(plan, "Hiawatha").map((line) => `# ${line}`),
    `ServerId = ${webServerUser}:${webServerGroup}`,
    // By default it is looked for beside this file.
    "MimetypeConfig = /etc/hiawatha/mimetype.conf",
    ...(state === undefined ? [] : [`PIDfile = ${state}/hiawatha.pid`, `WorkDirectory = ${state}`]),
    "",
    "Binding {",
    `  Port = ${port}`,
    ...(bind === undefined ? [] : [`  Interface = ${bind}`]),
    "  # The maximum size of a request, in KiB.",
    `  MaxRequestSize = ${Math.ceil(maxBodyBytes / 1024)}`,
    "}",
    "",
    "FastCGIserver {",
    `  FastCGIid = ${name}`,
    `  ConnectTo = ${connectTo(plan)}`,
    "}",
    "",
    "UrlToolkit {",
    `  ToolkitID = ${name}`,
    ...(mayServeFiles(plan) ? ["  RequestURI exists Return"] : []),
    `  Match ${mountRegex(mount)}(/|\\?|$) UseFastCGI ${name}`,
    ...(mount === "" ? [] : ["  Match .* DenyAccess"]),
    "}",
    "",
    `Hostname = ${serverName}`,
    `WebsiteRoot = ${root ?? "/nonexistent"}`,
    "ExecuteCGI = yes",
    `TimeForCGI = ${timeout}`,
    `UseToolkit = ${name}`,
  ];
}

/** Hiawatha 11.5 looks for the file of a path if the application is at one of these addresses or a unix socket, and sends 404 without. */
const LOCAL = new Set(["127.0.0.1", "::1", "[::1]", "localhost"]);

function connectTo({ deployment }: RoutingPlan): string {
  const listen = onlyUpstream(deployment);
  const socket = applicationSocket(listen);
  if (socket.kind === "unix" || LOCAL.has(socket.host)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure Hiawatha: it takes paths for files if the application listens on ${listen}; let it listen on 127.0.0.2:9000`,
    );
  }
  return hostAndPort(socket);
}
