import { AsyncLocalStorage } from "node:async_hooks";

import { logLevels } from "../log/late-logger.js";
import type { Application } from "../protocol/application-side/application.js";

/** A line that an application under test has logged. */
export interface LoggedLine {
  /** `error`, `warn`, `info` or another level of pino. */
  readonly level: string;
  readonly message: string;
  /** The other fields: `role`, `route`, `code`, `err` and those of the handler's own lines. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Lines that are kept: a test with an endless loop must not fill the memory. */
const MOST_LINES = 1000;

/** What pino adds to each line and a test does not need. */
const COMMON_FIELDS: ReadonlySet<string> = new Set(["level", "time", "pid", "hostname", "msg"]);

/** Keeps the lines of an application under test, and knows which of them belong to a request. */
export class RequestLog {
  readonly #requests = new AsyncLocalStorage<number>();
  readonly #byConnection = new Map<number, LoggedLine[]>();
  /** The latest lines of the application. */
  readonly lines: LoggedLine[] = [];

  /** Takes a line as pino writes it. */
  readonly write = (text: string): void => {
    const fields = JSON.parse(text) as Record<string, unknown>;
    const line: LoggedLine = {
      level: levelName(fields["level"]),
      message: typeof fields["msg"] === "string" ? fields["msg"] : "",
      fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !COMMON_FIELDS.has(name))),
    };
    keep(this.lines, line);
    const connection = this.#requests.getStore();
    const ofRequest = connection === undefined ? undefined : this.#byConnection.get(connection);
    if (ofRequest !== undefined) keep(ofRequest, line);
  };

  /** The lines of the only request on a connection, as they come. */
  ofConnection(id: number): readonly LoggedLine[] {
    const lines: LoggedLine[] = [];
    this.#byConnection.set(id, lines);
    return lines;
  }

  /** Keeps no more lines of a connection. */
  forget(id: number): void {
    this.#byConnection.delete(id);
  }

  /** The application, with the requests known to what is logged while they are handled. */
  around(application: Application): Application {
    const requests = this.#requests;
    return {
      inputs: (role) => application.inputs(role),
      dispatch: (exchange) => requests.run(exchange.connectionId, () => application.dispatch(exchange)),
      refuse: (exchange, refusal) =>
        requests.run(exchange.connectionId, () => application.refuse(exchange, refusal)),
      timeLimit: (role) => application.timeLimit(role),
      aborted: (exchange, reason) =>
        requests.run(exchange.connectionId, () => application.aborted?.(exchange, reason)),
    };
  }
}

/** A line as text, with the stack of its error. */
export function formatLine({ level, message, fields }: LoggedLine): string {
  const { code, err } = fields as { readonly code?: unknown; readonly err?: { readonly stack?: unknown } };
  const first = `${level} ${message}${typeof code === "string" ? ` (${code})` : ""}`;
  return typeof err?.stack === "string" ? `${first}\n${err.stack}` : first;
}

function keep(lines: LoggedLine[], line: LoggedLine): void {
  lines.push(line);
  if (lines.length > MOST_LINES) lines.shift();
}

function levelName(number: unknown): string {
  return Object.entries(logLevels).find(([, value]) => value === number)?.[0] ?? String(number);
}
