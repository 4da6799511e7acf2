import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { OURS, type Case, type Contender, type Measurement } from "../case.js";
import { LoadRun, writeLoadFile, type Load, type LoadResult } from "../load.js";
import { startNginx } from "../nginx.js";
import { hashOf, RECORD, USERS, type Lookup } from "../peers/paper-job.js";
import { formatRequest, type Protocol } from "../request.js";
import { startServer, type ServerProcess } from "../server-process.js";
import { buildFolder, freshPath } from "../workplace.js";

/** Microseconds in a tick of the CPU times of children, proc(5). */
const TICK = 10_000;

/** The benchmark of "Understanding FastCGI Application Performance", Open Market 1996, with ten clients as in the paper. */
export function paperCase(): Case {
  const facts = prepare();
  return {
    name: "paper",
    title: "The test of 1996: a user check, attributes, a personal page of 3,000 bytes",
    metrics: [
      { key: "cpu", label: "CPU per request, all processes", unit: "µs" },
      { key: "time", label: "time per request, ten clients", unit: "ms" },
    ],
    contenders: [
      behindNginx(OURS, { ...facts, file: "paper-tricorn", protocol: "fastcgi", lookup: "cached" }),
      behindNginx("Tricorn, no cache", {
        ...facts,
        file: "paper-tricorn",
        protocol: "fastcgi",
        lookup: "open",
      }),
      behindNginx("node:http, cache", { ...facts, file: "paper-http", protocol: "http", lookup: "cached" }),
      behindNginx("node:http, file kept open", {
        ...facts,
        file: "paper-http",
        protocol: "http",
        lookup: "open",
      }),
      behindNginx("node:http, file opened", {
        ...facts,
        file: "paper-http",
        protocol: "http",
        lookup: "reopened",
      }),
      cgiProgram(facts),
    ],
    rounds: 5,
  };
}

interface Facts {
  readonly folder: string;
  readonly load: Load;
}

/** The users' file and the page with placeholders like `{{name}}`; every user gets the same answer. */
function prepare(): Facts {
  const folder = freshPath("paper");
  mkdirSync(folder);
  const record = (id: number): string =>
    `Ada Lovelace|London|poetry|${hashOf(String(id).padStart(3, "0"))}`.padEnd(RECORD - 1).concat("\n");
  writeFileSync(join(folder, "users"), Array.from({ length: USERS }, (_, id) => record(id)).join(""));
  const text = "<p>Dear {{name}} of {{city}}, here is some {{genre}} for you.</p>\n";
  const page = text.repeat(Math.ceil(3_000 / text.length)).slice(0, 3_000);
  writeFileSync(join(folder, "page.html"), page);
  const filled = page
    .replaceAll("{{name}}", "Ada Lovelace")
    .replaceAll("{{city}}", "London")
    .replaceAll("{{genre}}", "poetry");
  const fields = [
    ["X-User", "########"],
    ["X-Password", "secret-########"],
  ] as const;
  const load: Load = {
    protocol: "http",
    requestFile: writeLoadFile("request", formatRequest("http", { target: "/paper-cgi.js", fields })),
    expectFile: writeLoadFile("expect", Buffer.from(filled)),
    connections: 10,
  };
  return { folder, load };
}

interface Server extends Facts {
  readonly file: string;
  readonly protocol: Protocol;
  readonly lookup: Lookup;
}

function behindNginx(name: string, { file, protocol, lookup, folder, load }: Server): Contender {
  return {
    name,
    start: async () => {
      const socket = freshPath("paper.sock");
      const backend = await startServer(
        [process.execPath, join(buildFolder, `${file}.js`), socket, lookup],
        socket,
        { env: { PAPER_FOLDER: folder } },
      );
      const nginx = await startNginx(socket, protocol);
      const run = new LoadRun(nginx.socket, load, [...backend.pids(), ...nginx.pids()]);
      await run.slice({ requests: 3_000, seconds: 1 });
      return {
        measure: async () => figuresOf(await run.slice({ requests: 500, warmUp: 30 })),
        stop: async () => {
          await run.close();
          await nginx.stop();
          await backend.stop();
        },
      };
    },
  };
}

/** A process for each request, started by lighttpd: nginx has no CGI. */
function cgiProgram({ folder, load }: Facts): Contender {
  return {
    name: "CGI program",
    start: async () => {
      const server = await startLighttpd(folder);
      const run = new LoadRun(server.socket, load, server.pids().slice(0, 1));
      return {
        measure: async () => {
          const before = childTimeOf(server);
          const result = await run.slice({ requests: 20 });
          return figuresOf(result, childTimeOf(server) - before);
        },
        stop: async () => {
          await run.close();
          await server.stop();
        },
      };
    },
  };
}

function startLighttpd(users: string): Promise<ServerProcess> {
  const socket = freshPath("lighttpd.sock");
  const file = freshPath("lighttpd.conf");
  writeFileSync(
    file,
    `server.modules = ("mod_cgi", "mod_setenv")
server.document-root = "${buildFolder}"
server.bind = "${socket}"
cgi.assign = (".js" => "${process.execPath}")
setenv.add-environment = ("PAPER_FOLDER" => env.PAPER_FOLDER)
`,
  );
  return startServer(["/usr/sbin/lighttpd", "-D", "-f", file], socket, { env: { PAPER_FOLDER: users } });
}

/** CPU in µs of the children that have ended. */
function childTimeOf(server: ServerProcess): number {
  const stat = readFileSync(`/proc/${server.pids()[0]}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK;
}

function figuresOf({ cpu, requests, seconds }: LoadResult, more = 0): Measurement {
  const total = Object.values(cpu).reduce((sum, microseconds) => sum + microseconds, more);
  return { cpu: total / requests, time: (seconds / requests) * 1_000 };
}
