import type { Logger } from "pino";

import type { RequestEvent, RequestObserver } from "../events/request-event.js";
import { logSafely } from "./log-safely.js";
import { formatRequest, identityOf, roundedDuration, terminalOfLog } from "./request-facts.js";

/** The log of an application. */
export interface AccessLogOptions {
  readonly log: Logger;
  /** Whether that is the default one, whose lines people may read on a terminal. */
  readonly isDefault: boolean;
}

/** Logs each request when it has ended: one line of JSON, or of text on a terminal. It has neither queries nor other params. */
export function accessLog({ log, isDefault }: AccessLogOptions): RequestObserver {
  const terminal = isDefault ? terminalOfLog() : undefined;
  if (terminal !== undefined)
    return { ended: (request) => terminal.write(formatRequest(request, shownFacts(request))) };
  return {
    ended: (request) => logSafely(() => log.info(factsOf(request), "request")),
  };
}

function factsOf(request: RequestEvent): Record<string, unknown> {
  const { status, decision, bytesIn, bytesOut, aborted, refused } = request;
  const ms = roundedDuration(request);
  const brokenOff = request.isBrokenOff ? true : undefined;
  const end = { aborted: aborted?.code, refused, brokenOff };
  return { ...identityOf(request), status, decision, ms, bytesIn, bytesOut, ...end };
}

/** `200 3.1 ms`, and what is unusual. */
function shownFacts(request: RequestEvent): readonly (string | number)[] {
  const { status, decision, aborted, refused, duration } = request;
  const brokenOff = request.isBrokenOff ? "broken off" : "";
  const why = refused ?? aborted?.code ?? "";
  return [decision ?? "", status ?? "no status", `${duration.toFixed(1)} ms`, brokenOff, why];
}
