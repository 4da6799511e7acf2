import type { IncomingMessage } from "node:http";

import type { FailureReport } from "../roles/failure.js";

/** Reports that are kept at the same time. */
const MOST_REPORTS = 100;
/** How long a report may come later than the answer that it explains, in ms: it takes another way. */
const LATE = 250;

/** Keeps the reports of failed requests until the answers that they explain are sent. */
export class RequestFailures {
  readonly #reports = new Map<string, FailureReport>();
  readonly #waiting = new Map<string, (report: FailureReport) => void>();

  /** A program has reported a failure. */
  add(report: FailureReport): void {
    const of = (wanted: string): string => report.params.find(([name]) => name === wanted)?.[1] ?? "";
    const client = `${of("REMOTE_ADDR")} ${of("REMOTE_PORT")}`;
    const waiting = this.#waiting.get(client);
    if (waiting !== undefined) {
      waiting(report);
      return;
    }
    this.#reports.delete(client);
    this.#reports.set(client, report);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > MOST_REPORTS && oldest !== undefined) this.#reports.delete(oldest);
  }

  /** Takes the report of a request whose answer is a failure; undefined if none comes. */
  async take(request: IncomingMessage): Promise<FailureReport | undefined> {
    const client = clientOf(request);
    const known = this.#reports.get(client);
    this.#reports.delete(client);
    if (known !== undefined) return known;
    let timer: NodeJS.Timeout | undefined;
    const report = await new Promise<FailureReport | undefined>((resolve) => {
      this.#waiting.set(client, resolve);
      timer = setTimeout(resolve, LATE, undefined);
    });
    clearTimeout(timer);
    this.#waiting.delete(client);
    return report;
  }

  /** A request begins: what its connection has had before is over. */
  begin(request: IncomingMessage): void {
    this.#reports.delete(clientOf(request));
  }
}

/** A connection has one request at a time. */
function clientOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, "")} ${socket.remotePort}`;
}
