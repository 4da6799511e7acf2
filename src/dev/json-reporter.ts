import type { Logger } from "pino";

import { loggablePath } from "../log/loggable-path.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import type { Visit } from "./front.js";
import type { Addresses, Reporter, ServingFacts } from "./reporter.js";
import type { RequestLine } from "./request-log.js";

/** Where a {@link JsonReporter} writes. */
export interface JsonReporterOptions {
  readonly log: Logger;
  /** Gets the lines of the program's own log, each with its line feed. */
  readonly write: (line: string) => void;
}

/** Reports in lines of JSON, beside those of the program. */
export class JsonReporter implements Reporter {
  readonly #log: Logger;
  readonly #write: (line: string) => void;

  constructor({ log, write }: JsonReporterOptions) {
    this.#log = log;
    this.#write = write;
  }

  listening(addresses: Addresses): void {
    this.#log.info({ ...addresses }, "Development server listens");
  }

  requested({ roles, took, isComplete, ...line }: RequestLine): void {
    const isBad = line.status === undefined || line.status >= 500 || !isComplete;
    const facts = { roles, ...line, isComplete, took: Math.round(took) };
    this.#log[isBad ? "warn" : "info"](facts, "Request ended");
  }

  serving({ script, root, took }: ServingFacts): void {
    this.#log.info({ script, root, took: Math.round(took) }, "Program serves");
  }

  failed({ sentence, details }: WorkerFailure): void {
    this.#log.error({ details }, sentence);
  }

  changed(files: readonly string[]): void {
    this.#log.info({ files }, "Files have changed");
  }

  watchFailed(error: Error): void {
    this.#log.warn({ err: error }, "Cannot watch all files");
  }

  waiting(visits: readonly Visit[]): void {
    for (const { request } of visits)
      this.#log.info(
        { method: request.method, path: loggablePath(request.url ?? "/") },
        "Waiting for a request",
      );
  }

  killing(limit: number): void {
    this.#log.warn({ limit }, "Killing the program, which does not end");
  }

  requestFailed(): void {
    // The program has logged it.
  }

  logged(line: string): void {
    this.#write(`${line}\n`);
  }

  printed(text: Buffer): void {
    process.stderr.write(text);
  }
}
