import type { RequestEvent } from "../events/request-event.js";
import { DurationHistogram, type BucketCounts } from "./duration-histogram.js";

/** Series that are kept apart; what comes after them is counted in one more. */
export const MOST_SERIES = 1_000;
/** Authorizers, and codes of errors, that are kept apart: there are fewer, and the channel of a worker may bring anything. */
export const MOST_NAMES = 1_000;
/** The labels of what is not kept apart. */
const REST = "other";
/** The status of a request that ended without one. */
const NO_STATUS = "none";
/** The role of requests in a role that the application does not have: peers choose its number. */
const UNKNOWN_ROLE = "unknown";
const ROLES_WITH_STATUS: ReadonlySet<string> = new Set(["responder", "authorizer", "filter"]);

/** What was counted of the requests of one role, one route and one status. */
export interface RequestSeries {
  readonly role: string;
  /** `GET /books/:id`, or the name of an authorizer or filter; "" if nothing handled them. */
  readonly route: string;
  /** `200`, or `none`. */
  readonly status: string;
  failed: number;
  readonly durations: DurationHistogram;
}

/** What one authorizer has decided. */
export interface DecisionCounts {
  allowed: number;
  denied: number;
}

/** A series as a message has it. */
export interface CountedSeries extends Omit<RequestSeries, "durations"> {
  /** The sum of their durations; ms. */
  readonly took: number;
  readonly durations: BucketCounts;
}

/** What was counted since the last message. */
export interface CountedRequests {
  readonly series: readonly CountedSeries[];
  readonly decisions: readonly (readonly [authorizer: string, counts: DecisionCounts])[];
  readonly refusals: readonly (readonly [code: string, count: number])[];
  readonly protocolErrors: readonly (readonly [code: string, count: number])[];
  readonly aborted: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * Counts requests: a worker those that end in it, until it reports them; the master those of all reports. Its memory is bounded,
 * and nothing that a client chooses is the name of a series.
 */
export class RequestCounts {
  /** By route; a route has few series. */
  readonly #series = new Map<string, RequestSeries[]>();
  #size = 0;
  /** By the name of the authorizer; "" if none decides about the path. */
  readonly decisions = new Map<string, DecisionCounts>();
  /** By code. */
  readonly refusals = new Map<string, number>();
  /** By code. */
  readonly protocolErrors = new Map<string, number>();
  aborted = 0;
  bytesIn = 0;
  bytesOut = 0;

  /** In the order in which they began. */
  *series(): Generator<RequestSeries> {
    for (const series of this.#series.values()) yield* series;
  }

  /** Counts a request that has ended. */
  count(request: RequestEvent): void {
    const { refused, decision, status } = request;
    const role = refused === "ERR_UNKNOWN_ROLE" ? UNKNOWN_ROLE : request.role;
    const series = this.#of({
      role,
      route: request.route ?? "",
      status: status === undefined ? NO_STATUS : String(status),
    });
    series.durations.record(request.duration);
    if (hasFailed(request)) series.failed += 1;
    if (refused !== undefined) tally(this.refusals, refused);
    if (request.isAbortedByPeer) this.aborted += 1;
    if (decision !== undefined) {
      const decided = this.#decisionsOf(request.authorizer ?? "");
      if (decision === "allow") decided.allowed += 1;
      else decided.denied += 1;
    }
    this.bytesIn += request.bytesIn;
    this.bytesOut += request.bytesOut;
  }

  /** Counts a violation of the protocol. */
  countProtocolError(code: string): void {
    tally(this.protocolErrors, code);
  }

  /** Adds what another process has counted. */
  add(counted: CountedRequests): void {
    for (const { role, route, status, failed, durations, took } of counted.series) {
      const series = this.#of({ role, route, status });
      series.failed += failed;
      series.durations.add(durations, took);
    }
    for (const [authorizer, { allowed, denied }] of counted.decisions) {
      const decided = this.#decisionsOf(authorizer);
      decided.allowed += allowed;
      decided.denied += denied;
    }
    for (const [code, count] of counted.refusals) tally(this.refusals, code, count);
    for (const [code, count] of counted.protocolErrors) tally(this.protocolErrors, code, count);
    this.aborted += counted.aborted;
    this.bytesIn += counted.bytesIn;
    this.bytesOut += counted.bytesOut;
  }

  /** All that was counted. */
  get counted(): CountedRequests {
    return {
      series: Array.from(this.series(), ({ durations, ...series }) => ({
        ...series,
        took: durations.sum,
        durations: durations.counts,
      })),
      decisions: [...this.decisions],
      refusals: [...this.refusals],
      protocolErrors: [...this.protocolErrors],
      aborted: this.aborted,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
    };
  }

  #of({ role, route, status }: Pick<RequestSeries, "role" | "route" | "status">): RequestSeries {
    let ofRoute = this.#series.get(route);
    const known = ofRoute?.find((series) => series.status === status && series.role === role);
    if (known !== undefined) return known;
    const isRest = role === REST;
    if (this.#size >= MOST_SERIES && !isRest) return this.#of({ role: REST, route: REST, status: REST });
    if (ofRoute === undefined) this.#series.set(route, (ofRoute = []));
    const series = { role, route, status, failed: 0, durations: new DurationHistogram() };
    ofRoute.push(series);
    this.#size += 1;
    return series;
  }

  #decisionsOf(authorizer: string): DecisionCounts {
    const { decisions } = this;
    const name = decisions.has(authorizer) || decisions.size < MOST_NAMES ? authorizer : REST;
    let decided = decisions.get(name);
    if (decided === undefined) decisions.set(name, (decided = { allowed: 0, denied: 0 }));
    return decided;
  }
}

function tally(counts: Map<string, number>, code: string, by = 1): void {
  const name = counts.has(code) || counts.size < MOST_NAMES ? code : REST;
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** Whether it has no answer, or one that is an error or breaks off. What the peer has aborted has not failed. */
function hasFailed(request: RequestEvent): boolean {
  const { role, status, error, refused } = request;
  if (request.isAbortedByPeer) return false;
  if (error !== undefined || request.isBrokenOff) return true;
  if (status !== undefined) return status >= 500;
  // The application's own roles have no status.
  return ROLES_WITH_STATUS.has(role) || refused !== undefined;
}
