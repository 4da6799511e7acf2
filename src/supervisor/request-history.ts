import { DurationHistogram } from "./duration-histogram.js";
import type { HistoryPoint, RecentRequests } from "./observed-status.js";
import type { WorkerStatistics } from "./reports.js";
import type { ObservedRequestsReport } from "./request-counter.js";

/** The time of a point; ms. */
const INTERVAL = 2_000;
/** Five minutes. */
const MOST_POINTS = 150;
/** A minute. */
const RECENT_POINTS = 30;

/** What has ended in the interval of a point. */
interface Interval {
  requests: number;
  failed: number;
  refused: number;
  lag: number;
  readonly durations: DurationHistogram;
}

/** The last five minutes of all workers, in points of 2 s. */
export class RequestHistory {
  readonly #points: { readonly point: HistoryPoint; readonly durations: DurationHistogram }[] = [];
  #interval = newInterval();
  #end: number;

  /** @param now when the first point begins; ms */
  constructor(now: number) {
    this.#end = now + INTERVAL;
  }

  get points(): readonly HistoryPoint[] {
    return this.#points.map(({ point }) => point);
  }

  /** The points of the last minute, as one. */
  get recent(): RecentRequests {
    const recent = this.#points.slice(-RECENT_POINTS);
    const durations = new DurationHistogram();
    for (const { durations: one } of recent) durations.add(one.counts, one.sum);
    return {
      seconds: (recent.length * INTERVAL) / 1_000,
      requests: sum(recent.map(({ point }) => point.requests)),
      failed: sum(recent.map(({ point }) => point.failed)),
      refused: sum(recent.map(({ point }) => point.refused)),
      p50: durations.quantile(0.5),
      p99: durations.quantile(0.99),
      lag: Math.max(0, ...recent.map(({ point }) => point.lag)),
    };
  }

  /** Adds what a worker has counted to the point of now. */
  add({ series, refusals, lag }: ObservedRequestsReport): void {
    const interval = this.#interval;
    for (const { failed, durations, took } of series) {
      interval.durations.add(durations, took);
      interval.failed += failed;
    }
    interval.requests = interval.durations.count;
    interval.refused += sum(refusals.map(([, count]) => count));
    interval.lag = Math.max(interval.lag, lag);
  }

  /**
   * Ends the point of now, if its time is over. To be called several times in 2 s.
   *
   * @param workers what is known of those that run
   * @param now ms since 1970
   */
  advance(workers: readonly WorkerStatistics[], now: number): void {
    if (now < this.#end) return;
    const { requests, failed, refused, lag, durations } = this.#interval;
    this.#points.push({
      durations,
      point: {
        at: now,
        requests,
        failed,
        refused,
        p50: durations.quantile(0.5),
        p99: durations.quantile(0.99),
        active: sum(workers.map(({ activeCount }) => activeCount)),
        rss: sum(workers.map(({ rss }) => rss)),
        lag,
      },
    });
    if (this.#points.length > MOST_POINTS) this.#points.shift();
    this.#interval = newInterval();
    // After a time in which the machine slept, and after a clock was set, points begin anew.
    this.#end = now < this.#end + INTERVAL ? this.#end + INTERVAL : now + INTERVAL;
  }
}

function newInterval(): Interval {
  return { requests: 0, failed: 0, refused: 0, lag: 0, durations: new DurationHistogram() };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
