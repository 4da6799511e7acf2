import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { isProgram } from "../scripts/debian-packages.mjs";
import type { Protocol } from "./request.js";
import { startServer, type ServerProcess } from "./server-process.js";
import { buildFolder, freshPath, resultsFolder } from "./workplace.js";

/** The start of a server for one case. */
export interface PeerOptions {
  /** Its arguments after the socket: its mode. */
  readonly mode?: string | undefined;
  /** Its data folder, if its mode needs one. */
  readonly folder?: string | undefined;
  /** How many requests it must handle at once, if each needs a process. */
  readonly processes?: number | undefined;
}

type Command = readonly [string, ...string[]];

/** A server that can be measured. */
export interface Peer {
  readonly name: string;
  readonly protocol: Protocol;
  /** The Debian package that it needs, and the file that shows it is installed. */
  readonly needs?: { readonly package: string; readonly file: string } | undefined;
  /** The command that starts it on this unix socket. */
  readonly command: (socket: string, options: PeerOptions) => Command;
}

/**
 * For every Node.js server. V8 derives the heap size at which it collects everything from the process's start,
 * and counts the memory of bodies: for some seconds it may collect for each 16 MiB of them. With this size, in MiB, from
 * the start it does not, and measurements are repeatable.
 */
const STEADY_HEAP = "--initial-old-space-size=100";

const ofNode =
  (file: string, ownMode?: string): Peer["command"] =>
  (socket, { mode = ownMode, folder }) => [
    process.execPath,
    STEADY_HEAP,
    join(buildFolder, `${file}.js`),
    socket,
    ...(mode === undefined ? [] : [mode]),
    ...(folder === undefined ? [] : [folder]),
  ];

/** The servers by their names in the tables. */
export const peers = {
  tricorn: { name: "Tricorn", protocol: "fastcgi", command: ofNode("tricorn") },
  tricornUncached: { name: "Tricorn, no cache", protocol: "fastcgi", command: ofNode("tricorn", "uncached") },
  raw: { name: "raw node:net", protocol: "fastcgi", command: ofNode("raw") },
  libfcgi: {
    name: "C libfcgi",
    protocol: "fastcgi",
    needs: { package: "libfcgi-dev", file: "/usr/include/fcgiapp.h" },
    command: (socket) => [join(resultsFolder, "libfcgi"), socket],
  },
  php: {
    name: "PHP-FPM",
    protocol: "fastcgi",
    needs: { package: "php-fpm", file: "/usr/sbin/php-fpm8.2" },
    command: phpCommand,
  },
  go: {
    name: "Go net/http/fcgi",
    protocol: "fastcgi",
    needs: { package: "golang-go", file: "go" },
    command: (socket) => [join(resultsFolder, "go-fcgi"), socket],
  },
  nodeFastCgi: { name: "node-fastcgi", protocol: "fastcgi", command: ofNode("node-fastcgi") },
  nodeHttp: { name: "node:http", protocol: "http", command: ofNode("node-http") },
  fastify: { name: "fastify", protocol: "http", command: ofNode("fastify") },
  expressTricorn: { name: "Tricorn", protocol: "fastcgi", command: ofNode("express-tricorn") },
  expressHttp: { name: "Express, node:http", protocol: "http", command: ofNode("express-http") },
  honoTricorn: { name: "Tricorn", protocol: "fastcgi", command: ofNode("hono-tricorn") },
  honoHttp: { name: "Hono, node:http", protocol: "http", command: ofNode("hono-http") },
  honoTricornPlatform: {
    name: "Tricorn, platform's Response",
    protocol: "fastcgi",
    command: ofNode("hono-tricorn", "platform"),
  },
  honoHttpPlatform: {
    name: "Hono, node:http, platform's Response",
    protocol: "http",
    command: ofNode("hono-http", "platform"),
  },
} as const satisfies Record<string, Peer>;

/** Why a peer cannot be measured here; undefined if it can. */
export function absenceOf({ name, needs }: Peer): string | undefined {
  if (needs === undefined || isProgram(needs.file)) return undefined;
  return `${name} is skipped: the Debian package ${needs.package} is missing`;
}

/** Starts a server on a new socket. */
export function startPeer(peer: Peer, options: PeerOptions = {}): Promise<ServerProcess> {
  const socket = freshPath("peer.sock");
  return startServer(peer.command(socket, options), socket);
}

function phpCommand(socket: string, { processes = 1 }: PeerOptions): Command {
  const file = freshPath("php-fpm.conf");
  const isRoot = process.getuid?.() === 0;
  writeFileSync(
    file,
    `[global]
error_log = /dev/null
daemonize = no
[www]
${isRoot ? "user = root\ngroup = root" : ""}
listen = ${socket}
pm = static
pm.max_children = ${processes}
`,
  );
  return ["/usr/sbin/php-fpm8.2", "-F", ...(isRoot ? ["-R"] : []), "-y", file];
}
