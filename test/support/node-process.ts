import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inject, onTestFinished } from "vitest";

/** The folder of the project, in which every process is started. */
export const projectFolder = fileURLToPath(new URL("../../", import.meta.url));

/** The command that runs a program of the tests, as compile-programs.ts has compiled it. */
export function commandOf(file: string): readonly [string, ...string[]] {
  return [process.execPath, join(inject("compiledPrograms"), file.replace(/\.ts$/, ".mjs"))];
}

/** The command that runs a TypeScript file of the project as its users run theirs. */
export function sourceCommandOf(file: string): readonly [string, ...string[]] {
  return [process.execPath, "--import", "@oxc-node/core/register", file];
}

/** How a process is started. */
export interface StartOptions {
  /** Its working directory; the project's folder by default. */
  readonly cwd?: string;
  /** All that it finds in its environment, beside the path. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its descriptor 0; defaults to /dev/null. */
  readonly stdin?: "ignore" | "pipe";
  /** Its descriptors from 3 on, as those of this process; a connected socket for `pipe`. */
  readonly descriptors?: readonly (number | "pipe")[];
}

/** A process and its output. It is killed when the test ends. */
export class NodeProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #errorLines: string[] = [];
  #news: (() => void)[] = [];
  #isOver = false;
  /** The exit code, or the signal that ended it; when everything that it printed was read. */
  readonly ended: Promise<number | string>;

  constructor([program, ...args]: readonly [string, ...string[]], options: StartOptions = {}) {
    const { cwd = projectFolder, env = {}, stdin = "ignore", descriptors = [] } = options;
    this.#child = spawn(program, args, {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: [stdin, "pipe", "pipe", ...descriptors],
    });
    this.#collect(this.#child.stdout!, this.#lines);
    this.#collect(this.#child.stderr!, this.#errorLines);
    this.ended = once(this.#child, "close").then(([code, signal]: (number | string | null)[]) => {
      this.#isOver = true;
      this.#notify();
      return code ?? signal ?? "unknown";
    });
    onTestFinished(async () => {
      this.#child.kill("SIGKILL");
      await this.ended;
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The lines of standard output so far. */
  get output(): readonly string[] {
    return this.#lines;
  }

  /** The lines of standard error so far. */
  get errors(): readonly string[] {
    return this.#errorLines;
  }

  /** The first line on either stream that matches; fails if the process ends before. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      for (const line of [...this.#lines, ...this.#errorLines]) {
        const match = pattern.exec(line);
        if (match !== null) return match;
      }
      await this.nextLine();
    }
  }

  /** Resolves when it has printed one more line; fails if it ends before. */
  async nextLine(): Promise<void> {
    if (this.#isOver) throw new Error(`The process ended early:\n${this.#errorLines.join("\n")}`);
    await new Promise<void>((resolve) => {
      this.#news.push(resolve);
    });
  }

  /** The address that `serve` logs. */
  async address(): Promise<string> {
    const [, address] = await this.line(/"msg":"Listening on (\S+) for (?:FastCGI|SCGI)"/);
    return address!;
  }

  /** Sends standard input, and closes it. Resolves with the error unless all of it was read. */
  input(content: string | Uint8Array): Promise<Error | null | undefined> {
    const { stdin } = this.#child;
    return new Promise((resolve) => {
      stdin!.once("error", resolve);
      stdin!.end(content, () => resolve(stdin!.errored));
    });
  }

  /** Sends something on standard input, and leaves it open. */
  write(content: string | Uint8Array): void {
    this.#child.stdin!.write(content);
  }

  /** Reads its standard output no more, so that writing to it fails. */
  closeOutput(): void {
    this.#child.stdout!.destroy();
  }

  /** The same for its standard error. */
  closeErrors(): void {
    this.#child.stderr!.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #collect(stream: NodeJS.ReadableStream, lines: string[]): void {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      this.#notify();
    });
  }

  #notify(): void {
    for (const wake of this.#news.splice(0)) wake();
  }
}
