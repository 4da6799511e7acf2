import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, closeSync, constants, openSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";

import { watchServerLog } from "./server-logs.js";

/** What is started, and how it ends. */
export interface BackgroundOptions {
  /** The program's name, looked for on the path and where Debian keeps servers; or its path. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes what it prints on either stream. It is a file, because Apache opens /dev/stderr by its name. */
  readonly log: string;
  /** What asks it to end; SIGTERM if left out. */
  readonly stopSignal?: NodeJS.Signals;
  /**
   * Does not run it as root where the tests do: Apache refuses that. It stays able to read a checkout that is root's
   * alone, and hands that on to the programs that it starts.
   */
  readonly notAsRoot?: boolean;
}

/** How long a process may take to end before it is killed; ms. */
const STOP_LIMIT = 5_000;

/** A process that runs until it is stopped. It ends with the tests, too, when those are killed. */
export class BackgroundProcess {
  readonly #child: ChildProcess;
  readonly #options: BackgroundOptions;
  #isOver = false;
  readonly #endWatch: () => void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  constructor(options: BackgroundOptions) {
    this.#options = options;
    const { program, args = [], cwd, env, log } = options;
    const output = openSync(log, "a");
    try {
      this.#child = spawn("setpriv", [...privileges(options), "--", programPath(program), ...args], {
        cwd,
        env: { ...process.env, ...env },
        stdio: ["ignore", output, output],
      });
    } finally {
      closeSync(output);
    }
    this.#endWatch = watchServerLog({ program, path: log });
    this.ended = once(this.#child, "exit").then(([code, signal]: (number | string | null)[]) => {
      this.#isOver = true;
      return code ?? signal ?? "unknown";
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Everything that it has printed so far. */
  get output(): string {
    return readFileSync(this.#options.log, "utf8");
  }

  /** Waits for a line of its log; fails when it ends before. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    let wake = (): void => {};
    const watcher = watch(this.#options.log, () => wake());
    try {
      for (;;) {
        const news = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const wasOver = this.#isOver;
        const match = pattern.exec(this.output);
        if (match) return match;
        if (wasOver)
          throw new Error(`${this.#options.program} ended before it printed ${pattern}:\n${this.output}`);
        await Promise.race([news, this.ended]);
      }
    } finally {
      watcher.close();
    }
  }

  /** Asks it to end, or kills it where it does not; returns what it ended with. */
  async stop(signal = this.#options.stopSignal ?? "SIGTERM"): Promise<number | string> {
    this.#child.kill(signal);
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_LIMIT);
    try {
      return await this.ended;
    } finally {
      clearTimeout(killer);
      this.#endWatch();
    }
  }
}

/** Where a program is. */
export function programPath(name: string): string {
  if (name.includes("/")) return name;
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined)
    throw new Error(`Cannot start ${name}: it is not installed; run \`npm run setup\``);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Options of setpriv(1), which replaces itself by the program. */
function privileges({ notAsRoot = false }: BackgroundOptions): string[] {
  const options = ["--pdeathsig", "TERM"];
  if (notAsRoot && process.getuid?.() === 0) {
    options.push("--reuid=www-data", "--regid=www-data", "--clear-groups");
    options.push("--inh-caps=+dac_override", "--ambient-caps=+dac_override");
  }
  return options;
}
