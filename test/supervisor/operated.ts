import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

import { MarkedProcesses } from "../support/marked-processes.js";
import { commandOf, NodeProcess, projectFolder } from "../support/node-process.js";
import { get } from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** How `tricorn serve` is started. */
export interface OperatedOptions {
  readonly workers?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its user; root by default, if root runs the tests. */
  readonly user?: string;
  /** Its control socket; one in the test's folder by default, that of the command if it is "". */
  readonly control?: string;
  /** The program below test/supervisor/apps; `operated` by default. */
  readonly program?: string;
  /** Puts files into its folder, before it starts. */
  readonly prepare?: (folder: string) => void;
}

/** What a command has printed. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `tricorn serve` with a program, in a folder of its own, until the test ends. */
export class Operated {
  readonly folder = temporaryFolder();
  readonly socket = join(this.folder, "app.sock");
  readonly control: string;
  readonly processes = new MarkedProcesses();
  readonly master: NodeProcess;

  constructor(options: OperatedOptions = {}) {
    const { workers = 2, args = [], env = {}, user = "root", control, program: name = "operated" } = options;
    options.prepare?.(this.folder);
    this.control = control ?? join(this.folder, "control/master.sock");
    const identity = process.getuid!() === 0 && user !== "" ? ["--user", user] : [];
    const [, program = ""] = commandOf(`test/supervisor/apps/${name}.ts`);
    const at = this.control === "" ? [] : ["--control", this.control];
    // A machine with other work to do is no reason to fail.
    const given = ["--workers", String(workers), "--listen", this.socket, "--start-limit", "60", ...at];
    this.master = new NodeProcess(
      [...commandOf("src/cli/main.ts"), "serve", program, ...given, ...identity, ...args],
      {
        env: { BROKEN: this.broken, RELEASED: this.released, ...this.processes.env, ...env },
        cwd: this.folder,
      },
    );
  }

  /** Starts it, and waits until it serves. */
  static async start(options?: OperatedOptions): Promise<Operated> {
    const operated = new Operated(options);
    await operated.ready();
    return operated;
  }

  /** Waits until it serves. */
  async ready(): Promise<void> {
    await this.master.line(/"msg":"Supervising /);
  }

  /** A version that does not start is deployed. */
  breakVersion(): void {
    writeFileSync(this.broken, "");
  }

  /** Lets requests to /wait go on. */
  release(): void {
    writeFileSync(this.released, "");
  }

  /** Runs `tricorn` for this master. */
  tricorn(...args: readonly string[]): Promise<CommandResult> {
    return runTricorn([...args, "--control", this.control]);
  }

  /** Connects as a Web server. */
  connect(): Promise<WebServerPeer> {
    return WebServerPeer.connect(`unix:${this.socket}`);
  }

  /** What a new connection gets from a path. */
  async get(path: string, variables?: Readonly<Record<string, string>>): Promise<string> {
    const peer = await this.connect();
    const { text } = await peer.send(get(1, path, { params: variables ?? {} })).answer(1);
    peer.destroy();
    return text;
  }

  /** The workers that `tricorn status` lists. */
  async workers(): Promise<readonly { readonly pid: number; readonly state: string }[]> {
    const { out } = await this.tricorn("status", "--json");
    return (JSON.parse(out) as { workers: { pid: number; state: string }[] }).workers;
  }

  /** Ends it, and expects that nothing is left of it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.master.kill(signal);
    expect(await this.master.ended).toBe(0);
    await this.processes.gone();
    expect([existsSync(this.socket), existsSync(this.control)]).toEqual([false, false]);
  }

  private get broken(): string {
    return join(this.folder, "broken");
  }

  private get released(): string {
    return join(this.folder, "released");
  }
}

/** Runs the command `tricorn`, as another user if one is given. */
export function runTricorn(
  args: readonly string[],
  { env = {}, uid }: { readonly env?: Readonly<Record<string, string>>; readonly uid?: number } = {},
): Promise<CommandResult> {
  const [node, main] = commandOf("src/cli/main.ts");
  return new Promise((resolve) => {
    execFile(
      node,
      [main!, ...args],
      { cwd: projectFolder, env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: 60_000, uid },
      (error, out, err) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, out, err });
      },
    );
  });
}
