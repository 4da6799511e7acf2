import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

import { MarkedProcesses } from "../marked-processes.js";
import { BackgroundProcess, programPath } from "./background-process.js";
import { program, programScript } from "./program.js";

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
  readonly name: string;
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

function staying(name: string, commandOf: (facts: CommandFacts) => StarterCommand): Starter {
  return {
    name,
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
function leaving(name: string, argsOf: (socket: string, script: string) => readonly string[]): Starter {
  return {
    name,
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
  staying("spawn-fcgi on a unix socket", ({ socket }) => ({
    args: ["spawn-fcgi", "-n", "-s", socket, "--", ...command],
    listens: ["fd:0"],
    addresses: [`unix:${socket}`],
  })),
  staying("spawn-fcgi on a TCP port", ({ tcp }) => ({
    args: ["spawn-fcgi", "-n", "-a", "127.0.0.1", "-p", tcp.split(":")[1]!, "--", ...command],
    listens: ["fd:0"],
    addresses: [tcp],
  })),
  leaving("spawn-fcgi in the background", (socket, script) => ["spawn-fcgi", "-s", socket, "--", script]),
  leaving("cgi-fcgi -start", (socket, script) => ["cgi-fcgi", "-start", "-connect", socket, script]),
  staying("multiwatch", ({ socket }) => ({
    args: ["spawn-fcgi", "-n", "-s", socket, "--", programPath("multiwatch"), "-f", "1", "--", ...command],
    listens: ["fd:0"],
    addresses: [`unix:${socket}`],
  })),
  staying("systemd-socket-activate with one socket", ({ socket, variables }) => ({
    args: ["systemd-socket-activate", ...variables, "-l", socket, ...command],
    listens: ["fd:3"],
    addresses: [`unix:${socket}`],
  })),
  staying("systemd-socket-activate with two named sockets", ({ socket, tcp, variables }) => ({
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
  })),
  staying("systemd-socket-activate --inetd on a unix socket", ({ socket, variables }) => ({
    args: ["systemd-socket-activate", "--inetd", ...variables, "-l", socket, ...command],
    listens: ["fd:0"],
    addresses: [`unix:${socket}`],
  })),
  staying("systemd-socket-activate --inetd on a TCP port", ({ tcp, variables }) => ({
    args: ["systemd-socket-activate", "--inetd", ...variables, "-l", tcp, ...command],
    listens: ["fd:0"],
    addresses: [tcp],
  })),
  staying("TRICORN_LISTEN with two addresses", ({ socket, tcp }) => ({
    args: command,
    listens: [`unix:${socket}`, tcp],
    addresses: [`unix:${socket}`, tcp],
    env: { TRICORN_LISTEN: `${socket}, ${tcp}` },
  })),
];
