import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead } from "./plan/documented.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";

/** Writes the part of an OpenLiteSpeed virtual host, `vhconf.conf`, as its manual has it. */
export function openLiteSpeed(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const notes = [
    "Put it into vhconf.conf of a virtual host that a listener is mapped to.",
    `The largest request body is the server's matter: maxReqBodySize, ${plan.deployment.maxBodyBytes} bytes or more.`,
  ];
  return {
    ...documented(plan, { servesFiles: false, notes }),
    files: [{ name: "vhconf.conf", text: textOf(linesOf(plan)) }],
    check: undefined,
    run: "/usr/local/lsws/bin/lswsctrl restart",
  };
}

function linesOf(plan: RoutingPlan): readonly string[] {
  const { deployment, streams } = plan;
  const { name, listen, mount, timeout } = deployment;
  const socket = applicationSocket(listen);
  return [
    ...documentedHead(plan, "OpenLiteSpeed").map((line) => `# ${line}`),
    "# Nothing is served from there: what is outside of the context below is nobody's.",
    "docRoot $VH_ROOT/html/",
    "",
    `extprocessor ${name} {`,
    "  type fcgi",
    `  address ${socket.kind === "unix" ? `uds:/${socket.path}` : hostAndPort(socket)}`,
    "  maxConns 100",
    `  initTimeout ${timeout}`,
    "  retryTimeout 0",
    "  # Connections are kept.",
    "  persistConn 1",
    ...(streams.length > 0
      ? ["  # Answers are handed on as they come.", "  respBuffer 0"]
      : ["  respBuffer 1"]),
    "  autoStart 0",
    "}",
    "",
    "# The application answers for everything below it.",
    `context ${mount}/ {`,
    "  type fcgi",
    `  handler ${name}`,
    "  addDefaultCharset off",
    "}",
  ];
}
