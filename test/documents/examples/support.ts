import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { FastCgiClient } from "tricorn/client";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: { start: string };
};
/** The options of node in `npm start`, which is "exec node", these, and the library's main file. */
export const nodeOptions: readonly string[] = scripts.start.split(" ").slice(2, -1);

/** An example that runs as a separate process, started as its reader would. */
export class ExampleProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #news: (() => void) | undefined;
  #isOver = false;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  constructor(file: string, env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [...nodeOptions, `examples/${file}`], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream! }).on("line", (line) => {
        this.#lines.push(line);
        this.#news?.();
      });
    }
    this.ended = once(this.#child, "close").then(([code, signal]: (number | string)[]) => {
      this.#isOver = true;
      this.#news?.();
      return code ?? signal ?? "unknown";
    });
  }

  /** Everything that was printed so far, standard output and error together. */
  get output(): string {
    return this.#lines.join("\n");
  }

  /** The first line that matches; fails if the process ends before. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    for (let index = 0; ; index++) {
      while (index >= this.#lines.length) {
        if (this.#isOver) throw new Error(`The example ended early:\n${this.output}`);
        await new Promise<void>((resolve) => {
          this.#news = resolve;
        });
      }
      const match = pattern.exec(this.#lines[index]!);
      if (match) return match;
    }
  }

  /** Asks the process to end, and waits for {@link ended}. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.#child.kill(signal);
    return this.ended;
  }
}

/** Starts an example on a new unix socket, lets `use` talk to it, and expects it to end cleanly. */
export async function withExample(
  file: string,
  use: (client: FastCgiClient) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tricorn-example-"));
  const address = `unix:${join(folder, "example.sock")}`;
  const example = new ExampleProcess(file, { TRICORN_LISTEN: address, TRICORN_LOG_LEVEL: "info" });
  const client = new FastCgiClient({ address });
  try {
    await example.line(/Listening on .* for FastCGI/);
    await use(client);
    await client.close();
    const code = await example.stop();
    if (code !== 0) throw new Error(`The example ended with ${code}:\n${example.output}`);
  } finally {
    await client.close();
    await example.stop("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}
