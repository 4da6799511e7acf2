import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { BackgroundProcess, programPath } from "./background-process.js";
import { freePort } from "./free-port.js";

/** What a configuration is written for. */
export interface Place {
  /** The port of 127.0.0.1 to listen on. */
  readonly port: number;
  /** A folder of its own, gone when the server has stopped: for sockets, temporary files and documents. */
  readonly folder: string;
  /** What it logs, standard error included. */
  readonly errorLog: string;
}

/** How one kind of Web server is started. */
export interface WebServerKind {
  readonly program: string;
  /** The files of its folder, by name: the configuration, and documents. Scripts are executable. */
  files(place: Place): Readonly<Record<string, string>>;
  /** Empty folders of its folder. */
  folders?(place: Place): readonly string[];
  /** Files of its folder that it logs into: they become the one that is read. */
  readonly logs?: readonly string[];
  /** A shell command that lets it check its files, before it is started. */
  check?(place: Place): string | undefined;
  args(place: Place): readonly string[];
  env?(place: Place): Readonly<Record<string, string>>;
  readonly stopSignal?: NodeJS.Signals;
  readonly notAsRoot?: boolean;
}

/** How often a server is started anew when somebody took its port in between. */
const ATTEMPTS = 5;
/** Between two looks whether a server answers; ms. No server tells in one way that it listens. */
const POLL = 10;

/** A Web server that runs. */
export interface RunningServer {
  /** Where it is found, without a "/" at the end. */
  readonly url: string;
  /** Everything that it has logged. */
  readonly errorLog: string;
  /** Waits for a line of its error log. */
  errorLine(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** A real Web server on a free port of the loopback interface, with a configuration of its own. */
export class WebServer implements RunningServer {
  readonly #process: BackgroundProcess;
  readonly #place: Place;

  private constructor(process: BackgroundProcess, place: Place) {
    this.#process = process;
    this.#place = place;
  }

  /** Starts a server and waits until it takes connections. A program that is not there is an error. */
  static async start(kind: WebServerKind): Promise<WebServer> {
    programPath(kind.program);
    for (let attempt = 1; ; attempt++) {
      const folder = mkdtempSync(join(tmpdir(), "tricorn-web-"));
      const place: Place = { folder, port: await freePort(), errorLog: join(folder, "error.log") };
      writeFiles(kind, place);
      checkFiles(kind, place);
      const server = launch(kind, place);
      if (await listens(server, place.port)) return new WebServer(server, place);
      const { output } = server;
      await rm(folder, { recursive: true, force: true });
      if (attempt === ATTEMPTS || !/address already in use|cannot bind/i.test(output)) {
        throw new Error(`Cannot start ${kind.program}: it ended with ${await server.ended}\n${output}`);
      }
    }
  }

  /** Where it is found, without a "/" at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#place.port}`;
  }

  get folder(): string {
    return this.#place.folder;
  }

  /** Everything that it has logged. */
  get errorLog(): string {
    return this.#process.output;
  }

  /** Waits for a line of its error log. */
  errorLine(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#process.line(pattern);
  }

  /** Stops it and removes its folder. */
  async stop(): Promise<void> {
    await this.#process.stop();
    await rm(this.#place.folder, { recursive: true, force: true });
  }
}

function writeFiles(kind: WebServerKind, place: Place): void {
  // A server that root starts goes on as somebody else, who logs, too.
  chmodSync(place.folder, 0o755);
  writeFileSync(place.errorLog, "");
  chmodSync(place.errorLog, 0o666);
  for (const name of kind.folders?.(place) ?? []) {
    mkdirSync(resolve(place.folder, name), { recursive: true });
    chmodSync(resolve(place.folder, name), 0o777);
  }
  for (const name of kind.logs ?? []) symlinkSync(place.errorLog, resolve(place.folder, name));
  for (const [name, content] of Object.entries(kind.files(place))) {
    const path = resolve(place.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode: content.startsWith("#!") ? 0o755 : 0o644 });
  }
}

/** Fails with what the server says where it does not like its files. */
function checkFiles(kind: WebServerKind, place: Place): void {
  const command = kind.check?.(place);
  if (command === undefined) return;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    cwd: place.folder,
    env: environment(kind, place),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${stdout}${stderr}`);
}

/** Servers and what controls them lie where only root's path leads. */
function environment(kind: WebServerKind, place: Place): Record<string, string | undefined> {
  const path = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
  return { ...process.env, PATH: path, ...kind.env?.(place) };
}

function launch(kind: WebServerKind, place: Place): BackgroundProcess {
  const { program, stopSignal, notAsRoot } = kind;
  return new BackgroundProcess({
    program,
    args: kind.args(place),
    cwd: place.folder,
    log: place.errorLog,
    env: environment(kind, place),
    ...(stopSignal && { stopSignal }),
    ...(notAsRoot && { notAsRoot }),
  });
}

/** Waits until somebody listens on the port (true) or the process has ended (false). */
async function listens(server: BackgroundProcess, port: number): Promise<boolean> {
  while (!server.isOver) {
    if (await accepts(port)) return true;
    await delay(POLL);
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
