import { basename } from "node:path";

import type { Configuration, ConfigurationSource } from "../configuration.js";
import type { Deployment } from "../deployment.js";
import { textOf } from "../text.js";
import { serviceUnit } from "./service-unit.js";
import { acceptsRemotePeers, socketUnit } from "./socket-unit.js";

/** Programs that start another process, which systemd then does not know as the main one. */
const STARTERS = new Set(["npx", "npm", "yarn", "pnpm"]);

/**
 * Generates units for systemd 247 or newer: a socket that exists from the start, and a service that the first request starts.
 * systemd restarts it on failure, while requests wait. A service whose command is `tricorn serve` reports when it is ready,
 * and can be reloaded. As a template, each instance is one process with its own socket.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if there is no command, or for a template on a TCP port
 */
export function systemd(source: ConfigurationSource): Configuration {
  const { deployment } = source;
  const {
    name,
    listen: [listen],
    systemd,
  } = deployment;
  const folder = "/etc/systemd/system";
  const isTemplate = systemd.units === "template";
  const unit = isTemplate ? `${name}@` : name;
  const units = [
    { name: `${folder}/${unit}.socket`, text: textOf(socketUnit(deployment)) },
    { name: `${folder}/${unit}.service`, text: textOf(serviceUnit(deployment)) },
  ];
  const sockets = isTemplate ? `${unit}1.socket ${unit}2.socket` : `${unit}.socket`;
  return {
    files: units,
    check: `systemd-analyze verify ${units.map(({ name }) => name).join(" ")}`,
    run: `systemctl daemon-reload && systemctl enable --now ${sockets}`,
    // The Web server's configuration has the needs. The units set the access to the socket.
    needs: {},
    startsApplication: true,
    notes: notesOf(deployment, listen),
    folders: [],
    isTested: true,
  };
}

function notesOf({ command = [], systemd }: Deployment, listen: string): string[] {
  const starter = basename(command[0] ?? "");
  return [
    "The application must not set an address: serve(application) uses the socket that systemd passes.",
    ...(acceptsRemotePeers(listen)
      ? [
          `Other machines can reach ${listen}: the application only starts if allowedPeers of serve, or FCGI_WEB_SERVER_ADDRS, names the Web servers.`,
        ]
      : []),
    ...(STARTERS.has(starter)
      ? [`systemd passes its socket to ${starter}, which does not use it: name node or the program itself.`]
      : []),
    ...(systemd.units === "template"
      ? [
          "Each instance has its own socket and process: list them in the Web server, such as nginx's upstream.",
        ]
      : []),
  ];
}
