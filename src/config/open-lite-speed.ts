import { applicationSocket, hostAndPort, onlyUpstream } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead } from "./plan/documented.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";

/** Generates `vhconf.conf` of an OpenLiteSpeed virtual host, from its manual. */
export function openLiteSpeed(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const notes = [
    "Use it as vhconf.conf of a virtual host that a listener maps to.",
    `The server limits request bodies: set maxReqBodySize to at least ${plan.deployment.maxBodyBytes} bytes.`,
  ];
  return {
    ...documented(plan, { servesFiles: false, notes }),
    files: [{ name: "vhconf.conf", text: textOf(vhostConf(plan)) }],
    check: undefined,
    run: "/usr/local/lsws/bin/lswsctrl restart",
  };
}

function vhostConf(plan: RoutingPlan): readonly string[] {
  const { deployment, streams } = plan;
  const { name, mount, timeout } = deployment;
  const socket = applicationSocket(onlyUpstream(deployment));
  return [
    ...documentedHead(plan, "OpenLiteSpeed").map((line) => `# ${line}`),
    "# The folder for paths outside the context below: keep the application's files out of it.",
    "docRoot $VH_ROOT/html/",
    "",
    `extprocessor ${name} {`,
    "  type fcgi",
    `  address ${socket.kind === "unix" ? `uds:/${socket.path}` : hostAndPort(socket)}`,
    "  maxConns 100",
    `  initTimeout ${timeout}`,
    "  retryTimeout 0",
    "  # Keeps connections.",
    "  persistConn 1",
    ...(streams.length > 0
      ? ["  # Sends responses as they are produced.", "  respBuffer 0"]
      : ["  respBuffer 1"]),
    "  autoStart 0",
    "}",
    "",
    "# The application handles all paths below.",
    `context ${mount}/ {`,
    "  type fcgi",
    `  handler ${name}`,
    "  addDefaultCharset off",
    "}",
  ];
}
