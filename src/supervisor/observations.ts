import { DurationHistogram } from "./duration-histogram.js";
import type { ObservedStatus, RouteReport } from "./observed-status.js";
import { RecentSlowRequests } from "./recent-slow-requests.js";
import type { ReloadOutcome, WorkerReport } from "./reports.js";
import type { ObservedRequestsReport } from "./request-counter.js";
import { RequestCounts } from "./request-counts.js";
import { RequestHistory } from "./request-history.js";

/** Routes that the status lists. */
const MOST_ROUTES = 100;

/** The requests of one route in one role, whatever their status. */
export interface RouteDurations {
  readonly role: string;
  readonly route: string;
  failed: number;
  readonly durations: DurationHistogram;
}

/** What the workers of a master have counted: those that run, and those that have ended. */
export class Observations {
  /** Since the master started. */
  readonly counts = new RequestCounts();
  readonly #history = new RequestHistory(Date.now());
  readonly #slow = new RecentSlowRequests();
  /** How many reloads have ended well, and how many did not. */
  readonly reloads = { ok: 0, failed: 0 };

  /** A worker has reported. @param worker its process id */
  add(worker: number, report: ObservedRequestsReport): void {
    this.counts.add(report);
    this.#history.add(report);
    this.#slow.add(
      report.slow.map((request) => ({ ...request, worker })),
      Date.now(),
    );
  }

  /** All workers were asked. */
  asked(workers: readonly WorkerReport[]): void {
    this.#history.advance(
      workers.flatMap(({ statistics }) => statistics ?? []),
      Date.now(),
    );
  }

  /** A reload has ended. */
  reloaded({ failure }: ReloadOutcome): void {
    if (failure === undefined) this.reloads.ok += 1;
    else this.reloads.failed += 1;
  }

  /** The routes, those with the most requests first. */
  get routes(): readonly RouteDurations[] {
    const routes = new Map<string, RouteDurations>();
    for (const { role, route, failed, durations } of this.counts.series()) {
      const key = `${role} ${route}`;
      let found = routes.get(key);
      if (found === undefined)
        routes.set(key, (found = { role, route, failed: 0, durations: new DurationHistogram() }));
      found.failed += failed;
      found.durations.add(durations.counts, durations.sum);
    }
    return [...routes.values()].toSorted((a, b) => b.durations.count - a.durations.count);
  }

  /** What the status says of requests. */
  get status(): ObservedStatus {
    const { counts, routes } = this;
    const decisions = [...counts.decisions.values()];
    return {
      totals: {
        requests: sum(routes.map(({ durations }) => durations.count)),
        failed: sum(routes.map(({ failed }) => failed)),
        aborted: counts.aborted,
        refused: sum(counts.refusals.values()),
        allowed: sum(decisions.map(({ allowed }) => allowed)),
        denied: sum(decisions.map(({ denied }) => denied)),
        protocolErrors: sum(counts.protocolErrors.values()),
        bytesIn: counts.bytesIn,
        bytesOut: counts.bytesOut,
      },
      refusals: Object.fromEntries(counts.refusals),
      lastMinute: this.#history.recent,
      history: this.#history.points,
      routes: routes.slice(0, MOST_ROUTES).map(reportOf),
      slow: this.#slow.slowest(Date.now()),
    };
  }
}

function reportOf({ role, route, failed, durations }: RouteDurations): RouteReport {
  const [p50, p99] = [durations.quantile(0.5) ?? 0, durations.quantile(0.99) ?? 0];
  return { role, route, requests: durations.count, failed, p50, p99 };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
