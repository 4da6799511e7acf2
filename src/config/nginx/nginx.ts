import type { Configuration, ConfigurationPart, ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";
import { commonNotes, needsOf } from "../plan/needs.js";
import { ownName, requirePart } from "../plan/own-name.js";
import { mountLocations } from "./nginx-mount.js";
import { asScgi } from "./nginx-scgi.js";
import { nginxWord } from "./nginx-text.js";
import { nginxServer } from "./nginx-server.js";
import { upstreamBlock } from "./nginx-transport.js";
import { routingPlanOf, type RoutingPlan } from "../plan/plan.js";
import { block, paragraph, textOf } from "../text.js";

/** Generates the configuration of nginx 1.18 or newer. */
export function nginx(source: ConfigurationSource): Configuration {
  const plan = routingPlanOf(source);
  const { files, ...part } = plan.deployment.part === "whole" ? mainFile(plan) : sitePart(plan);
  const isScgi = plan.deployment.protocol === "scgi";
  return {
    ...part,
    files: isScgi ? files.map(({ name, text }) => ({ name, text: asScgi(text) })) : files,
    needs: needsOf(plan, { sendsMount: true }),
    notes: [
      ...commonNotes(plan),
      ...(plan.deployment.statusPort === undefined
        ? []
        : ["nginx asks no host whether it is alive, so statusPort has no effect."]),
    ],
    isTested: true,
  };
}

/** A complete file with which nginx can be started. */
function mainFile(plan: RoutingPlan): ConfigurationPart {
  const { deployment } = plan;
  const { name, root, state } = deployment;
  // With `state`, any user may start it, and nginx warns users other than root about `user`.
  const user = deployment.webServerUser ?? (state === undefined ? "www-data" : undefined);
  const lines = [
    `# nginx in front of ${name}.`,
    ...(user === undefined ? [] : [`user ${nginxWord(user)};`]),
    "worker_processes auto;",
    ...outputDirectives(deployment),
    "events {}",
    "",
    ...block("http", [
      ...(state === undefined ? [] : temporaryFolders(state)),
      ...(root === undefined
        ? []
        : [
            "# Media types of static files.",
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
    // Without -e, nginx warns users other than root that it cannot write the system's log.
    check: "nginx -t -e stderr -p . -c nginx.conf",
    run: "nginx -e stderr -p . -c nginx.conf",
    folders: state === undefined ? [] : [state],
  };
}

/** A file that the `server` block of a site includes, and one with the upstream, which cannot be in that block. */
function sitePart(plan: RoutingPlan): ConfigurationPart {
  const { deployment } = plan;
  requirePart(deployment, "nginx");
  const own = ownName(deployment);
  const path = `/etc/nginx/snippets/${own}.conf`;
  const head = `# ${deployment.name} at ${deployment.mount}, in a site of nginx.`;
  return {
    files: [
      { name: path, text: textOf([head, ...mountLocations(plan)]) },
      { name: `/etc/nginx/conf.d/${own}-upstream.conf`, text: textOf([head, ...upstreamBlock(deployment)]) },
    ],
    additions: [
      {
        line: `include ${path};`,
        place: "in the site's server block, such as that of /etc/nginx/sites-available/default",
      },
    ],
    check: "nginx -t",
    run: "nginx -s reload",
    folders: [],
  };
}

/** The pid file and the log. */
function outputDirectives({ state }: Deployment): string[] {
  if (state === undefined) return ["pid /run/nginx.pid;", "error_log /var/log/nginx/error.log;"];
  return [`pid ${nginxWord(`${state}/nginx.pid`)};`, `error_log ${nginxWord(`${state}/error.log`)};`];
}

function temporaryFolders(state: string): string[] {
  const folders = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"];
  return [
    `access_log ${nginxWord(`${state}/access.log`)};`,
    ...paragraph(
      "nginx creates all of these when it starts.",
      folders.map((folder) => `${folder}_temp_path ${nginxWord(`${state}/${folder}`)};`),
    ),
    "",
  ];
}
