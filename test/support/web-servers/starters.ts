import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

import { MarkedProcesses } from "../marked-processes.js";
import { BackgroundProcess, programPath } from "./background-process.js";
import { program, programScript } from "./program.js";
import type { VersionQuestion } from "./server-version.js";
import type { SetUpFacts } from "./set-up.js";

/** Where a starter may put what it needs. */
export interface StarterPlace {
  readonly folder: string;
  /** A free port of 127.0.0.1. */
  readonly port: number;
  /** What the application shall find in its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The program `started` and who started it. */
export interface Started {
  /** All that came of it. */
  readonly processes: MarkedProcesses;
  /** The starter where it stays, or became the application; undefined where it has left. */
  readonly process: BackgroundProcess | undefined;
  /** Each address that the application is to answer at. */
  readonly addresses: readonly string[];
  /** What the application calls them. */
  readonly listens: readonly string[];
}

/** Something that starts FastCGI applications. */
export interface Starter {
  /** What docs/web-servers.md tells of it. */
  readonly facts: SetUpFacts;
  /** How its version is found out; undefined where it tells none. */
  readonly version: VersionQuestion | undefined;
  /** Whether standard error of the application leads somewhere. */
  readonly isSeen: boolean;
  start(place: StarterPlace): Promise<Started>;
}

const { program: node, args, cwd } = program("started");
const command = [node, ...args];

/** The command of a starter that stays, or becomes the application. */
interface StarterCommand {
  readonly args: readonly string[];
  readonly listens: readonly string[];
  readonly addresses: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface CommandFacts {
  readonly socket: string;
  readonly tcp: string;
  /** Options of systemd-socket-activate, which hands nothing on else. */
  readonly variables: readonly string[];
}

/** The version of each program that is asked for it. */
const versions: Readonly<Record<string, VersionQuestion>> = {
  "spawn-fcgi": { program: "spawn-fcgi", args: ["-v"], pattern: /v([\d.]+)/ },
  multiwatch: { program: "multiwatch", args: ["--version"], pattern: /v([\d.]+)/ },
  "systemd-socket-activate": {
    program: "systemd-socket-activate",
    args: ["--version"],
    pattern: /systemd (\d+)/,
  },
  node: { program: process.execPath, args: ["--version"], pattern: /v([\d.]+)/ },
};

/** How a starter is called, and what it does in a phrase. */
interface Named {
  readonly id: string;
  readonly server: string;
  readonly how: string;
}

function named({ id, server, how }: Named): Pick<Starter, "facts" | "version"> {
  return { facts: { id, server, how, door: "starter" }, version: versions[server] };
}

function staying(name: Named, commandOf: (facts: CommandFacts) => StarterCommand): Starter {
  return {
    ...named(name),
    isSeen: true,
    start: ({ folder, port, env = {} }) => {
      const processes = new MarkedProcesses();
      const inherited = { ...processes.env, ...env };
      const variables = Object.entries(inherited).flatMap(([variable, value]) => [
        "-E",
        `${variable}=${value}`,
      ]);
      const facts = { socket: join(folder, "app.sock"), tcp: `127.0.0.1:${port}`, variables };
      const { args: line, listens, addresses, env: more } = commandOf(facts);
      const [first = "", ...rest] = line;
      const process = new BackgroundProcess({
        program: first,
        args: rest,
        cwd,
        env: { ...inherited, ...more },
        log: join(folder, "log"),
      });
      onTestFinished(async () => {
        if (!process.isOver) await process.stop("SIGKILL");
      });
      return Promise.resolve({ processes, process, listens, addresses });
    },
  };
}

/** A starter that leaves the application behind. */
function leaving(name: Named, argsOf: (socket: string, script: string) => readonly string[]): Starter {
  return {
    ...named(name),
    isSeen: false,
    start: async ({ folder, env = {} }) => {
      const processes = new MarkedProcesses();
      const socket = join(folder, "app.sock");
      const script = join(folder, "app");
      writeFileSync(script, programScript("started"), { mode: 0o755 });
      const [first = "", ...rest] = argsOf(socket, script);
      await promisify(execFile)(programPath(first), rest, {
        env: { PATH: process.env["PATH"], ...CGI_REQUEST, ...processes.env, ...env },
      });
      return { processes, process: undefined, listens: ["fd:0"], addresses: [`unix:${socket}`] };
    },
  };
}

/** A request in an environment, as cgi-fcgi has it where a Web server runs it. */
const CGI_REQUEST = {
  GATEWAY_INTERFACE: "CGI/1.1",
  REQUEST_METHOD: "GET",
  REQUEST_URI: "/process",
  HTTP_PROXY: "http://192.0.2.66:8080",
  HTTP_COOKIE: "session=s3cret",
};

/** All of them. */
export const starters: readonly Starter[] = [
  staying(
    { id: "spawn-fcgi-unix", server: "spawn-fcgi", how: "a unix socket as descriptor 0" },
    ({ socket }) => ({
      args: ["spawn-fcgi", "-n", "-s", socket, "--", ...command],
      listens: ["fd:0"],
      addresses: [`unix:${socket}`],
    }),
  ),
  staying({ id: "spawn-fcgi-tcp", server: "spawn-fcgi", how: "a TCP port as descriptor 0" }, ({ tcp }) => ({
    args: ["spawn-fcgi", "-n", "-a", "127.0.0.1", "-p", tcp.split(":")[1]!, "--", ...command],
    listens: ["fd:0"],
    addresses: [tcp],
  })),
  leaving(
    { id: "spawn-fcgi-left", server: "spawn-fcgi", how: "a unix socket, in the background" },
    (socket, script) => ["spawn-fcgi", "-s", socket, "--", script],
  ),
  leaving(
    { id: "cgi-fcgi-start", server: "cgi-fcgi", how: "`-start`: a unix socket, in the background" },
    (socket, script) => ["cgi-fcgi", "-start", "-connect", socket, script],
  ),
  staying(
    { id: "multiwatch", server: "multiwatch", how: "below spawn-fcgi, on a unix socket" },
    ({ socket }) => ({
      args: ["spawn-fcgi", "-n", "-s", socket, "--", programPath("multiwatch"), "-f", "1", "--", ...command],
      listens: ["fd:0"],
      addresses: [`unix:${socket}`],
    }),
  ),
  staying(
    { id: "systemd-unix", server: "systemd-socket-activate", how: "a unix socket in `LISTEN_FDS`" },
    ({ socket, variables }) => ({
      args: ["systemd-socket-activate", ...variables, "-l", socket, ...command],
      listens: ["fd:3"],
      addresses: [`unix:${socket}`],
    }),
  ),
  staying(
    { id: "systemd-two", server: "systemd-socket-activate", how: "a unix socket and a TCP port with names" },
    ({ socket, tcp, variables }) => ({
      args: [
        "systemd-socket-activate",
        ...variables,
        "-l",
        socket,
        "-l",
        tcp,
        "--fdname=web:admin",
        ...command,
      ],
      listens: ["fd:3", "fd:4"],
      addresses: [`unix:${socket}`, tcp],
    }),
  ),
  staying(
    { id: "systemd-inetd-unix", server: "systemd-socket-activate", how: "`--inetd`, a unix socket" },
    ({ socket, variables }) => ({
      args: ["systemd-socket-activate", "--inetd", ...variables, "-l", socket, ...command],
      listens: ["fd:0"],
      addresses: [`unix:${socket}`],
    }),
  ),
  staying(
    { id: "systemd-inetd-tcp", server: "systemd-socket-activate", how: "`--inetd`, a TCP port" },
    ({ tcp, variables }) => ({
      args: ["systemd-socket-activate", "--inetd", ...variables, "-l", tcp, ...command],
      listens: ["fd:0"],
      addresses: [tcp],
    }),
  ),
  staying(
    { id: "tricorn-listen", server: "node", how: "a unix socket and a TCP port in `TRICORN_LISTEN`" },
    ({ socket, tcp }) => ({
      args: command,
      listens: [`unix:${socket}`, tcp],
      addresses: [`unix:${socket}`, tcp],
      env: { TRICORN_LISTEN: `${socket}, ${tcp}` },
    }),
  ),
];
