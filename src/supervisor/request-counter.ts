import { subscribe } from "node:diagnostics_channel";

import type { ProtocolErrorEvent } from "../events/protocol-error-event.js";
import type { RequestEvent, RequestObserver } from "../events/request-event.js";
import type { SlowLog } from "../log/slow-log.js";
import { EventLoopLag } from "./event-loop-lag.js";
import type { SlowRequest } from "./observed-status.js";
import { RequestCounts, type CountedRequests } from "./request-counts.js";
import { shownMethod, shownPath } from "./shown-target.js";
import { MOST_SLOW, SlowestRequests } from "./slowest-requests.js";

/** What a worker reports of its requests: since the last report. */
export interface ObservedRequestsReport extends CountedRequests {
  /** The slowest ones that have ended; with a slow log also those that are active, and only slow ones. */
  readonly slow: readonly Omit<SlowRequest, "worker">[];
  /** The longest delay of the event loop; ms. */
  readonly lag: number;
}

/** Counts the requests of a worker for its master. */
export class RequestCounter implements RequestObserver {
  #counts = new RequestCounts();
  readonly #slowest = new SlowestRequests<Omit<SlowRequest, "worker">>();
  readonly #lag = new EventLoopLag();
  readonly #slowLog: SlowLog | undefined;

  constructor(slowLog: SlowLog | undefined) {
    this.#slowLog = slowLog;
    subscribe("tricorn.protocol.error", (event) =>
      this.#counts.countProtocolError((event as ProtocolErrorEvent).code),
    );
  }

  ended(request: RequestEvent): void {
    this.#counts.count(request);
    if (this.#slowLog?.isSlow(request) !== false) this.#offer(request);
  }

  /** The longest delay of the event loop in the last 15 to 30 s; ms. */
  get recentLag(): number {
    return this.#lag.recent;
  }

  /** What was counted since the last call. */
  take(): ObservedRequestsReport {
    for (const request of this.#slowLog?.activeSlow(MOST_SLOW) ?? []) this.#offer(request);
    const report = { ...this.#counts.counted, slow: [...this.#slowest.all], lag: this.#lag.take() };
    this.#counts = new RequestCounts();
    this.#slowest.clear();
    return report;
  }

  #offer(request: RequestEvent): void {
    this.#slowest.offer(request.duration, () => ({
      ...describe(request),
      standsAt: this.#slowLog?.stoodAt(request),
    }));
  }
}

function describe(request: RequestEvent): Omit<SlowRequest, "worker"> {
  const { id, role, route, startedAt, status } = request;
  return {
    id,
    role,
    method: shownMethod(request.method),
    path: shownPath(request.path),
    route,
    startedAt,
    duration: Math.round(request.duration * 10) / 10,
    status,
  };
}
