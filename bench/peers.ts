import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { isProgram } from "../scripts/debian-packages.mjs";
import type { Protocol } from "./request.js";
import { startServer, type ServerProcess } from "./server-process.js";
import { buildFolder, filteredFolder, freshPath, resultsFolder } from "./workplace.js";

type Command = readonly [string, ...string[]];

/** How a server is started. */
export interface PeerOptions {
  /** Whether it answers the questions of peers/control.ts; only Node.js servers can. */
  readonly counts?: boolean;
  /** MiB of objects that it holds beside its work. */
  readonly liveHeap?: number | undefined;
}

/** A server that can be measured. */
export interface Peer {
  readonly name: string;
  readonly protocol: Protocol;
  /** The Debian package that it needs, and the file that shows it is installed. */
  readonly needs?: { readonly package: string; readonly file: string } | undefined;
  /** What it serves on sockets of their own, whose names end in these. */
  readonly doors?: readonly string[] | undefined;
  /** The command that starts it on this unix socket. */
  readonly command: (socket: string) => Command;
  /** Whether it runs on Node.js. */
  readonly isNode: boolean;
}

type NodePeer = Omit<Peer, "command" | "isNode">;

/** A server in JavaScript. V8 gets no options: users give it none. */
const ofNode = (file: string, peer: NodePeer, ...more: readonly string[]) => ({
  ...peer,
  isNode: true,
  command: (socket: string): Command => [process.execPath, join(buildFolder, `${file}.js`), socket, ...more],
});

/** As many as the most connections of a case: each process serves one. */
const PHP_PROCESSES = 16;

/** The servers by their names in the tables. */
export const peers = {
  tricorn: ofNode(
    "tricorn",
    { name: "Tricorn", protocol: "fastcgi", doors: ["authorizer", "cached", "uncached"] },
    filteredFolder,
  ),
  /** The same program, on another of its sockets. */
  tricornScgi: ofNode(
    "tricorn",
    { name: "Tricorn, SCGI", protocol: "scgi", doors: ["close"] },
    filteredFolder,
  ),
  raw: ofNode("raw", { name: "raw node:net", protocol: "fastcgi", doors: ["close", "echo", "large"] }),
  libfcgi: {
    name: "C libfcgi",
    protocol: "fastcgi",
    needs: { package: "libfcgi-dev", file: "/usr/include/fcgiapp.h" },
    command: (socket) => [join(resultsFolder, "libfcgi"), socket],
    isNode: false,
  },
  php: {
    name: "PHP-FPM",
    protocol: "fastcgi",
    needs: { package: "php-fpm", file: "/usr/sbin/php-fpm8.2" },
    command: phpCommand,
    isNode: false,
  },
  go: {
    name: "Go net/http/fcgi",
    protocol: "fastcgi",
    needs: { package: "golang-go", file: "go" },
    command: (socket) => [join(resultsFolder, "go-fcgi"), socket],
    isNode: false,
  },
  nodeFastCgi: ofNode("node-fastcgi", { name: "node-fastcgi", protocol: "fastcgi" }),
  nodeHttp: ofNode("node-http", { name: "node:http", protocol: "http" }),
  fastify: ofNode("fastify", { name: "fastify", protocol: "http" }),
  helloTricorn: ofNode("hello-tricorn", { name: "Tricorn", protocol: "fastcgi" }),
  helloHttp: ofNode("hello-http", { name: "node:http", protocol: "http" }),
  expressTricorn: ofNode("express-tricorn", { name: "Tricorn", protocol: "fastcgi" }),
  expressHttp: ofNode("express-http", { name: "Express, node:http", protocol: "http" }),
  honoTricorn: ofNode("hono-tricorn", { name: "Tricorn", protocol: "fastcgi" }),
  honoHttp: ofNode("hono-http", { name: "Hono, node:http", protocol: "http" }),
  honoTricornPlatform: ofNode(
    "hono-tricorn",
    { name: "Tricorn, platform's Response", protocol: "fastcgi" },
    "platform",
  ),
  honoHttpPlatform: ofNode(
    "hono-http",
    { name: "Hono, node:http, platform's Response", protocol: "http" },
    "platform",
  ),
} as const satisfies Record<string, Peer>;

/** Why a peer cannot be measured here; undefined if it can. */
export function absenceOf({ name, needs }: Peer): string | undefined {
  if (needs === undefined || isProgram(needs.file)) return undefined;
  return `${name} is skipped: the Debian package ${needs.package} is missing`;
}

/** Starts a server on a new socket. */
export function startPeer(
  peer: Peer,
  { counts = false, liveHeap }: PeerOptions = {},
): Promise<ServerProcess> {
  const socket = freshPath("peer.sock");
  const [program, ...args] = peer.command(socket);
  if (!peer.isNode || !(counts || liveHeap !== undefined)) return startServer([program, ...args], socket);
  const control = ["--import", join(buildFolder, "control.js")];
  const env = liveHeap === undefined ? undefined : { BENCH_LIVE_HEAP: String(liveHeap) };
  return startServer([program, ...control, ...args], socket, { counts: true, env });
}

function phpCommand(socket: string): Command {
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
pm.max_children = ${PHP_PROCESSES}
`,
  );
  return ["/usr/sbin/php-fpm8.2", "-F", ...(isRoot ? ["-R"] : []), "-y", file];
}
