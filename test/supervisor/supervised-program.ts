import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { MarkedProcesses } from "../support/marked-processes.js";
import { NodeProcess, commandOf, type StartOptions } from "../support/node-process.js";
import { get } from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** What {@link SupervisedProgram.start} may change. */
export interface SupervisedOptions {
  readonly workers?: number;
  readonly args?: readonly string[];
  readonly env?: StartOptions["env"];
  readonly listen?: string;
  readonly program?: string;
  readonly descriptors?: StartOptions["descriptors"];
}

/** `tricorn serve` with a program that has versions, in a folder of its own. */
export class SupervisedProgram {
  readonly folder = temporaryFolder();
  readonly socket = join(this.folder, "app.sock");
  readonly processes = new MarkedProcesses();
  master: NodeProcess;
  #masters = 0;

  constructor(options: SupervisedOptions = {}) {
    this.deploy("1");
    this.master = this.#start(options);
  }

  /** Starts it, and waits until it serves. */
  static async start(options: SupervisedOptions = {}): Promise<SupervisedProgram> {
    const program = new SupervisedProgram(options);
    await program.ready();
    return program;
  }

  /** Starts one more master for the same program and socket. */
  async startNext(options: SupervisedOptions = {}): Promise<void> {
    this.master = this.#start(options);
    await this.ready();
  }

  /** Where it listens, when it does. */
  async ready(): Promise<string> {
    const [, address] = await this.master.line(/"msg":"Supervising \S+ on (\S+)"/);
    return address!;
  }

  /** Writes the version that workers load from now on. */
  deploy(version: string): void {
    writeFileSync(join(this.folder, "version.new"), version);
    rmSync(join(this.folder, "version"), { force: true });
    symlinkSync("version.new", join(this.folder, "version"));
  }

  /** Writes a file that requests to /wait wait for. */
  release(name: string): void {
    writeFileSync(join(this.folder, name), "");
  }

  /** Connects as a Web server. */
  connect(address = `unix:${this.socket}`): Promise<WebServerPeer> {
    return WebServerPeer.connect(address);
  }

  /** The version and process that answer on a new connection. */
  async ask(address = `unix:${this.socket}`): Promise<Identity> {
    const peer = await this.connect(address);
    const answer = await askOn(peer);
    peer.destroy();
    return answer;
  }

  /** Reloads, and waits for the outcome: `Reloaded` or `Cannot reload: …`. */
  async reload(signal: NodeJS.Signals = "SIGHUP"): Promise<string> {
    const before = this.logged(/^(?:Reloaded|Cannot reload)/).length;
    this.master.kill(signal);
    for (;;) {
      const outcomes = this.logged(/^(?:Reloaded|Cannot reload)/);
      if (outcomes.length > before) return outcomes.at(-1)!;
      await this.master.nextLine();
    }
  }

  /** The messages of the log that match. */
  logged(pattern: RegExp): readonly string[] {
    return [...this.master.errors]
      .filter((line) => line.startsWith("{"))
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
      .filter((message) => pattern.test(message));
  }

  #start({
    workers = 2,
    args = [],
    env = {},
    listen = this.socket,
    ...more
  }: SupervisedOptions): NodeProcess {
    const [, versions = ""] = commandOf("test/supervisor/apps/versions.ts");
    const { program = versions, descriptors = [] } = more;
    const listening = listen === "" ? [] : ["--listen", listen];
    return new NodeProcess(
      [
        ...commandOf("src/cli/main.ts"),
        "serve",
        program,
        "--workers",
        String(workers),
        ...listening,
        // A machine with other work to do is no reason to fail.
        "--start-limit",
        "60",
        "--control",
        join(this.folder, `control-${(this.#masters += 1)}/master.sock`),
        // The tests' folders and files are theirs.
        ...(process.getuid!() === 0 ? ["--user", "root"] : []),
        ...args,
      ],
      { env: { VERSION_FILE: join(this.folder, "version"), ...this.processes.env, ...env }, descriptors },
    );
  }
}

/** Who answered. */
export interface Identity {
  readonly version: number;
  readonly pid: number;
}

/** Sends a request on a kept connection. */
export async function askOn(peer: WebServerPeer, id = 1): Promise<Identity> {
  return identityIn((await peer.send(get(id, "/")).answer(id)).text);
}

/** The version and process in an answer. */
export function identityIn(text: string): Identity {
  const [, version, pid] = /^v=(\d+) pid=(\d+)/.exec(text) ?? [];
  return { version: Number(version), pid: Number(pid) };
}
