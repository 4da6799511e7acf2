import { isatty } from "node:tty";

import type { RequestEvent } from "../events/request-event.js";
import { logDestination, logStream } from "./default-log.js";
import { loggablePath } from "./loggable-path.js";
import type { LogStream } from "./log-stream.js";
import { oneLine } from "./redact.js";

/** The longest method and path that are logged, in characters: clients choose both. */
const MOST_METHOD = 32;
const MOST_PATH = 1_000;
/** The longest path on a terminal, so that what follows it is seen. */
const MOST_SHOWN = 200;
const CUT = "…";

/** The stream of the default log, if that is a terminal. */
export function terminalOfLog(): LogStream | undefined {
  const to = logDestination();
  return to.kind === "descriptor" && isatty(to.fd) ? logStream() : undefined;
}

/** What a line of JSON says of the request. */
export function identityOf(request: RequestEvent): Record<string, unknown> {
  const { id, role, route, trace } = request;
  return {
    id,
    role,
    method: shortened(request.method, MOST_METHOD),
    path: shortened(loggablePath(request.path), MOST_PATH),
    route,
    traceId: trace?.traceId,
  };
}

/** The duration of a request until now or until its end; ms. */
export function roundedDuration({ duration }: RequestEvent): number {
  return Math.round(duration * 10) / 10;
}

/** A line for a terminal: when the request began, `responder GET /books/1`, and facts without the empty ones. */
export function formatRequest(request: RequestEvent, facts: readonly (string | number)[]): string {
  const parts = [
    new Date(request.startedAt).toTimeString().slice(0, 8),
    request.role.padEnd(10),
    shortened(request.method, MOST_METHOD),
    shortened(loggablePath(request.path), MOST_SHOWN),
    ...facts,
  ];
  return `${oneLine(parts.filter((part) => part !== "").join(" "))}\n`;
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}${CUT}`;
}
