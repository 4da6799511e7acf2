import { ConfigurationError } from "../errors.js";
import { applicationSocket, onlyUpstream } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import { documented, documentedHead } from "./plan/documented.js";
import { routingPlanOf, type RoutingPlan } from "./plan/plan.js";
import { textOf } from "./text.js";

/** The chroot(2) folder of httpd(8). */
const CHROOT_FOLDER = "/var/www";

/** Generates the configuration of OpenBSD's httpd(8), from httpd.conf(5). */
export function openBsdHttpd(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  return {
    ...documented(plan, { servesFiles: false }),
    files: [{ name: "httpd.conf", text: textOf(httpdConf(plan)) }],
    check: "httpd -n -f httpd.conf",
    run: "httpd -d -f httpd.conf",
  };
}

function httpdConf(plan: RoutingPlan): readonly string[] {
  const { serverName, bind = "*", port, mount, maxBodyBytes, timeout } = plan.deployment;
  const fastcgi = `fastcgi socket ${socketArgument(plan)}`;
  return [
    ...documentedHead(plan, "OpenBSD httpd").map((line) => `# ${line}`),
    `server "${serverName}" {`,
    `  listen on ${bind === "*" ? "*" : `"${bind.replaceAll(/^\[|\]$/g, "")}"`} port ${port}`,
    "  # In bytes, and in seconds.",
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

function socketArgument({ deployment }: RoutingPlan): string {
  const listen = onlyUpstream(deployment);
  const socket = applicationSocket(listen);
  if (socket.kind === "tcp") return `tcp "${socket.host}" ${socket.port}`;
  if (!socket.path.startsWith(`${CHROOT_FOLDER}/`)) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure OpenBSD httpd: it has no access outside ${CHROOT_FOLDER}, but listen is ${listen}; listen below ${CHROOT_FOLDER}/run`,
    );
  }
  return `"${socket.path.slice(CHROOT_FOLDER.length)}"`;
}
