import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

import { descriptionOf } from "../../../support/web-servers/configured.js";
import {
  configurationFor,
  generated,
  type GeneratedOptions,
} from "../../../support/web-servers/generated.js";
import type { WebServer, WebServerKind } from "../../../support/web-servers/web-server.js";
import { controllers } from "../controllers.js";
import { ipOf } from "./host.js";
import type { SessionKey } from "./sessions.js";

/** What a load balancer is configured for. */
export interface FrontPlace {
  readonly hosts: number;
  readonly ports: { readonly application: number; readonly health: number };
  readonly key: SessionKey;
}

/** Takes a host out of use at a load balancer, or back into it, as its administrator does. */
export type SetUse = (server: WebServer, place: FrontPlace, use: HostUse) => Promise<void>;

/** Whether a host is to get requests. */
export interface HostUse {
  readonly host: number;
  readonly isUsed: boolean;
}

/** A load balancer with what `tricorn config` writes. */
export interface Front {
  readonly name: "nginx" | "haproxy";
  /** Whether it can ask an authorizer. */
  readonly asks: boolean;
  readonly kind: (place: FrontPlace) => WebServerKind;
  readonly setUse: SetUse;
}

const NAME = "hats";
const description = descriptionOf(...controllers);

/** What the command gets. */
function optionsFor(
  server: Front["name"],
  { hosts, ports, key }: FrontPlace,
  drain: readonly number[] = [],
): GeneratedOptions {
  const addressOf = (host: number): string => `${ipOf(host)}:${ports.application}`;
  return {
    server,
    address: addressOf(0),
    description,
    deployment: {
      name: NAME,
      upstream: Array.from({ length: hosts }, (_, host) => addressOf(host)),
      ...(key !== "none" && { affinity: key === "user" ? "user" : "cookie:sid" }),
      ...(server === "haproxy" && { statusPort: ports.health }),
      ...(drain.length > 0 && { drain: drain.map(addressOf) }),
    },
  };
}

/** By its socket for administrators. */
const setUseOfHaproxy: SetUse = async ({ folder }, _place, { host, isUsed }) => {
  const socket = connect(join(folder, "state/admin.sock"));
  socket.end(`set server ${NAME}/${ipOf(host)} state ${isUsed ? "ready" : "drain"}\n`);
  const answer = await text(socket);
  if (answer.trim() !== "") throw new Error(`Cannot set the state of a server: ${answer}`);
};

/** By `--drain` of the command, and a reload. */
const setUseOfNginx: SetUse = async ({ folder, url }, place, { host, isUsed }) => {
  const port = Number(new URL(url).port);
  const { files, run } = configurationFor(optionsFor("nginx", place, isUsed ? [] : [host]), { port, folder });
  for (const { name, text } of files) writeFileSync(join(folder, name), text);
  await promisify(execFile)("sh", ["-c", `${run} -s reload`], { cwd: folder });
};

/** The load balancers. */
export const haproxyFront: Front = {
  name: "haproxy",
  asks: false,
  kind: (place) => generated(optionsFor("haproxy", place)),
  setUse: setUseOfHaproxy,
};
export const nginxFront: Front = {
  name: "nginx",
  asks: true,
  kind: (place) => generated(optionsFor("nginx", place)),
  setUse: setUseOfNginx,
};
