import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead, mayServeFiles } from "./plan/documented.js";
import { mountRegex } from "./plan/plan-regex.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";

/** Generates the configuration of Hiawatha 10 or newer, from its manual. */
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
  const { name, listen, serverName, bind, port, root, mount, maxBodyBytes, timeout, state } = plan.deployment;
  const { webServerUser = "www-data", webServerGroup } = plan.deployment;
  const socket = applicationSocket(listen);
  return [
    ...documentedHead(plan, "Hiawatha").map((line) => `# ${line}`),
    `ServerId = ${webServerUser}:${webServerGroup}`,
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
    `  ConnectTo = ${socket.kind === "unix" ? socket.path : hostAndPort(socket)}`,
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
    `TimeForCGI = ${timeout}`,
    `UseToolkit = ${name}`,
  ];
}
