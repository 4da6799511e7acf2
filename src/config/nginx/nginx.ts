import type { Configuration, ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { quoted } from "./nginx-text.js";
import { nginxServer } from "./nginx-server.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { block, paragraph, textOf } from "../text.js";

/** Writes the configuration of nginx, 1.18 or newer. */
export function nginx(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const main = plan.deployment.part === "whole" ? whole(plan) : site(plan);
  return {
    ...main,
    needs: needsOf(plan, { sendsMount: true }),
    notes: commonNotes(plan),
    isTested: true,
  };
}

type Main = Pick<Configuration, "files" | "check" | "run" | "folders">;

/** A file that nginx can be started with. */
function whole(plan: RoutingPlan): Main {
  const { deployment } = plan;
  const { name, root, state } = deployment;
  const lines = [
    `# nginx in front of ${name}.`,
    ...(deployment.webServerUser === undefined ? [] : [`user ${quoted(deployment.webServerUser)};`]),
    "worker_processes auto;",
    ...placesOf(deployment),
    "events {}",
    "",
    ...block("http", [
      ...(state === undefined ? [] : temporaryFolders(state)),
      ...(root === undefined
        ? []
        : [
            "# The media types of files.",
            "include /etc/nginx/mime.types;",
            "default_type application/octet-stream;",
            "sendfile on;",
            "",
          ]),
      ...nginxServer(plan),
    ]),
  ];
  return {
    files: [{ name: "nginx.conf", text: textOf(lines) }],
    // Else it tells everybody but root that it cannot write to the log of the system.
    check: "nginx -t -e stderr -p . -c nginx.conf",
    run: "nginx -e stderr -p . -c nginx.conf",
    folders: state === undefined ? [] : [state],
  };
}

/** A file for /etc/nginx/conf.d, where it stands within `http`. */
function site(plan: RoutingPlan): Main {
  const { name } = plan.deployment;
  return {
    files: [
      {
        name: `/etc/nginx/conf.d/${name}.conf`,
        text: textOf([`# ${name} behind nginx.`, ...nginxServer(plan)]),
      },
    ],
    check: "nginx -t",
    run: "nginx -s reload",
    folders: [],
  };
}

/** Where nginx keeps what it writes. */
function placesOf({ state }: Deployment): string[] {
  if (state === undefined) return ["pid /run/nginx.pid;", "error_log /var/log/nginx/error.log;"];
  return [`pid ${quoted(`${state}/nginx.pid`)};`, `error_log ${quoted(`${state}/error.log`)};`];
}

function temporaryFolders(state: string): string[] {
  const folders = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"];
  return [
    `access_log ${quoted(`${state}/access.log`)};`,
    ...paragraph(
      "nginx makes all of these when it starts.",
      folders.map((folder) => `${folder}_temp_path ${quoted(`${state}/${folder}`)};`),
    ),
    "",
  ];
}
