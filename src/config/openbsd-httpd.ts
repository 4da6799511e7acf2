import { ConfigurationError } from "../errors.js";
import { applicationSocket } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead } from "./plan/documented.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";

/** The folder that httpd(8) is confined to. */
const CHROOT = "/var/www";

/** Writes the configuration of OpenBSD's httpd(8), as httpd.conf(5) has it. */
export function openBsdHttpd(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  return {
    ...documented(plan, { servesFiles: false }),
    files: [{ name: "httpd.conf", text: textOf(linesOf(plan)) }],
    check: "httpd -n -f httpd.conf",
    run: "httpd -d -f httpd.conf",
  };
}

function linesOf(plan: RoutingPlan): readonly string[] {
  const { serverName, bind = "*", port, mount, maxBodyBytes, timeout } = plan.deployment;
  const fastcgi = `fastcgi socket ${socketOf(plan)}`;
  return [
    ...documentedHead(plan, "OpenBSD httpd").map((line) => `# ${line}`),
    `server "${serverName}" {`,
    `  listen on ${bind === "*" ? "*" : `"${bind.replaceAll(/^\[|\]$/g, "")}"`} port ${port}`,
    "  # Bytes, and seconds.",
    `  connection { max request body ${maxBodyBytes}, timeout ${timeout} }`,
    ...(mount === ""
      ? [`  location "*" { ${fastcgi} }`]
      : [
          `  location "${mount}" { ${fastcgi} }`,
          `  location "${mount}/*" { ${fastcgi} }`,
          '  location "*" { block return 404 }',
        ]),
    "}",
  ];
}

function socketOf({ deployment: { listen } }: RoutingPlan): string {
  const socket = applicationSocket(listen);
  if (socket.kind === "tcp") return `tcp "${socket.host}" ${socket.port}`;
  if (!socket.path.startsWith(`${CHROOT}/`)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure OpenBSD httpd: it cannot leave ${CHROOT}, and listen is ${listen}; listen below ${CHROOT}/run`,
    );
  }
  return `"${socket.path.slice(CHROOT.length)}"`;
}
