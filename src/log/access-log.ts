import { isatty } from "node:tty";
import type { Logger } from "pino";

import type { RequestEvent, RequestObserver } from "../events/request-event.js";
import { logDestination, logStream } from "./default-log.js";
import { loggablePath } from "./loggable-path.js";
import { logSafely } from "./log-safely.js";
import type { LogStream } from "./log-stream.js";
import { oneLine } from "./redact.js";

/** The longest method and path that are logged, in characters: clients choose both. */
const MOST_METHOD = 32;
const MOST_PATH = 1_000;
/** The longest path on a terminal, so that what follows it is seen. */
const MOST_SHOWN = 200;
const CUT = "…";

/** The log of an application. */
export interface AccessLogOptions {
  readonly log: Logger;
  /** Whether that is the default one, whose lines people may read on a terminal. */
  readonly isDefault: boolean;
}

/** Logs each request when it has ended: one line of JSON, or of text on a terminal. It has neither queries nor other params. */
export function accessLog({ log, isDefault }: AccessLogOptions): RequestObserver {
  const terminal = isDefault ? terminalOfLog() : undefined;
  if (terminal !== undefined) return { ended: (request) => terminal.write(formatRequest(request)) };
  return {
    ended: (request) => logSafely(() => log.info(factsOf(request), "request")),
  };
}

/** The stream of the default log, if that is a terminal. */
function terminalOfLog(): LogStream | undefined {
  const to = logDestination();
  return to.kind === "descriptor" && isatty(to.fd) ? logStream() : undefined;
}

function factsOf(request: RequestEvent): Record<string, unknown> {
  const { id, role, route, status, decision, bytesIn, bytesOut, aborted, trace } = request;
  return {
    id,
    role,
    method: shortened(request.method, MOST_METHOD),
    path: shortened(loggablePath(request.path), MOST_PATH),
    route,
    status,
    decision,
    ms: Math.round(request.duration * 10) / 10,
    bytesIn,
    bytesOut,
    aborted: aborted?.code,
    refused: request.refused,
    brokenOff: request.isBrokenOff ? true : undefined,
    traceId: trace?.traceId,
  };
}

/** `GET /books/1 200 3 ms`, and what is unusual. */
function formatRequest(request: RequestEvent): string {
  const { role, status, decision, aborted } = request;
  const parts = [
    new Date(request.startedAt).toTimeString().slice(0, 8),
    role.padEnd(10),
    shortened(request.method, MOST_METHOD),
    shortened(loggablePath(request.path), MOST_SHOWN),
    decision ?? "",
    status ?? "no status",
    `${request.duration.toFixed(1)} ms`,
    request.isBrokenOff ? "broken off" : "",
    request.refused ?? aborted?.code ?? "",
  ];
  return `${oneLine(parts.filter((part) => part !== "").join(" "))}\n`;
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}${CUT}`;
}
