import { relative } from "node:path";

import type { FailureReport } from "../roles/failure.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import type { Visit } from "./front.js";
import type { Reporter, ServingFacts } from "./reporter.js";

/** Reports in text for a terminal. */
export class TerminalReporter implements Reporter {
  readonly #write: (text: string) => void;

  /** @param write gets whole lines */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  listening(url: string): void {
    this.#line(`Tricorn listens on ${url}`);
  }

  serving({ script, root, took }: ServingFacts): void {
    const files = root === undefined ? "" : `, files of ${shown(root)}`;
    this.#line(`${shown(script)} serves after ${Math.round(took)} ms${files}`);
  }

  failed({ sentence, details }: WorkerFailure): void {
    this.#line([sentence, ...details, "Waiting for a change"].join("\n"));
  }

  changed(paths: readonly string[]): void {
    this.#line(`${paths.map(shown).join(", ")} changed`);
  }

  watchFailed({ message }: Error): void {
    this.#line(`Cannot watch all files: ${message}`);
  }

  waiting(visits: readonly Visit[]): void {
    for (const { request } of visits)
      this.#line(`Waiting for ${request.method} ${request.url?.split("?", 1)[0]}`);
  }

  killing(limit: number): void {
    this.#line(`The program did not end within ${limit / 1000} s, and is killed`);
  }

  requestFailed({ what, error }: FailureReport): void {
    this.#line(`${what} failed: ${error.stack ?? error.message}`);
  }

  logged(line: string): void {
    this.#line(line);
  }

  printed(text: Buffer): void {
    process.stderr.write(text);
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }
}

function shown(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside.startsWith("..") ? path : inside;
}
