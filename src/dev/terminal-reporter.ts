import { loggablePath } from "../log/loggable-path.js";
import { oneLine } from "../log/redact.js";
import type { FailureReport } from "../roles/failure.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import { formatFailure } from "./failure-page.js";
import type { Visit } from "./front.js";
import type { Addresses, Reporter, ServingFacts } from "./reporter.js";
import type { RequestLine } from "./request-log.js";
import { formatLogLine } from "./log-line.js";
import { shownRequestFailure, shownStartFailure } from "./shown-failure.js";
import { shortPath } from "./stack-frames.js";

/** Where a {@link TerminalReporter} writes. */
export interface TerminalOptions {
  /** Gets whole lines. */
  readonly write: (text: string) => void;
  readonly hasColors: boolean;
  /** The time of day; by default that of this machine. */
  readonly time?: () => string;
}

const GREEN = 32;
const RED = 31;
const YELLOW = 33;
const FAINT = 2;
const BOLD = 1;

/** Files of a change that are named; of a checkout of another branch there are many. */
const MOST_NAMES = 3;

/** Reports in text for a terminal. */
export class TerminalReporter implements Reporter {
  readonly #options: TerminalOptions;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  listening({ url, inspector }: Addresses): void {
    this.#write(`\n  ${this.#in(BOLD, url)}\n  ${this.#in(FAINT, "inspector")}  ${inspector}\n\n`);
  }

  serving({ script, root, took }: ServingFacts): void {
    const files = root === undefined ? "" : `, files of ${shortPath(root)}`;
    this.#line(`${this.#in(GREEN, `${shortPath(script)} serves`)} after ${Math.round(took)} ms${files}`);
  }

  failed(failure: WorkerFailure): void {
    const [title = "", ...lines] = formatFailure(shownStartFailure(failure));
    this.#line([this.#in(RED, title), ...lines].join("\n"));
    this.#line("Waiting for a change");
  }

  changed(paths: readonly string[]): void {
    const names = paths.slice(0, MOST_NAMES).map((path) => oneLine(shortPath(path)));
    const more = paths.length > MOST_NAMES ? ` and ${paths.length - MOST_NAMES} more` : "";
    this.#line(`${names.join(", ")}${more} changed`);
  }

  requested({ roles, method, path, decision, status, isComplete, took }: RequestLine): void {
    const role =
      roles.length === 0 ? (status === 200 || status === 304 ? "file" : "gateway") : roles.join(", ");
    const ended =
      status === undefined ? "no response" : isComplete ? String(status) : `${status}, broken off`;
    const isBad = status === undefined || status >= 500 || !isComplete;
    const color = isBad ? RED : status >= 400 ? YELLOW : GREEN;
    const result = [...(decision === undefined ? [] : [decision]), this.#in(color, ended)];
    this.#line(
      `${role.padEnd(10)}  ${method} ${oneLine(path)}  ${result.join(", ")}  ${this.#in(FAINT, `${Math.round(took)} ms`)}`,
    );
  }

  requestFailed(report: FailureReport): void {
    const [title = "", ...lines] = formatFailure(shownRequestFailure(report));
    this.#line([this.#in(RED, title), ...lines].join("\n"));
  }

  logged(line: string): void {
    const text = formatLogLine(line);
    if (text !== undefined) this.#line(text);
  }

  printed(text: Buffer): void {
    process.stderr.write(text);
  }

  watchFailed({ message }: Error): void {
    this.#line(this.#in(YELLOW, `Cannot watch all files: ${message}`));
  }

  waiting(visits: readonly Visit[]): void {
    this.#line("Stopping; Ctrl-C again ends everything at once");
    for (const { request, since } of visits) {
      const path = oneLine(loggablePath(request.url ?? "/"));
      this.#line(
        `waits for ${request.method} ${path}, ${((performance.now() - since) / 1000).toFixed(1)} s old`,
      );
    }
  }

  killing(limit: number): void {
    this.#line(this.#in(YELLOW, `The program did not end within ${limit / 1000} s, and is killed`));
  }

  #line(text: string): void {
    const { time = timeOfDay } = this.#options;
    this.#write(`${this.#in(FAINT, time())}  ${text}\n`);
  }

  #write(text: string): void {
    this.#options.write(text);
  }

  #in(style: number, text: string): string {
    return this.#options.hasColors ? `\u001b[${style}m${text}\u001b[0m` : text;
  }
}

function timeOfDay(): string {
  const now = new Date();
  return [now.getHours(), now.getMinutes(), now.getSeconds()]
    .map((n) => String(n).padStart(2, "0"))
    .join(":");
}
