import type { SlowRequest } from "./observed-status.js";
import { MOST_SLOW, SlowestRequests } from "./slowest-requests.js";

/** Requests are forgotten together that have ended in the same 30 s; ms. */
const PERIOD = 30_000;
/** Periods that are kept: five minutes. */
const PERIODS = 10;

/** The slowest requests of the last five minutes, of those that workers report. */
export class RecentSlowRequests {
  readonly #periods: { readonly start: number; readonly slowest: SlowestRequests<SlowRequest> }[] = [];

  /** @param now ms since 1970 */
  add(requests: readonly SlowRequest[], now: number): void {
    const start = now - (now % PERIOD);
    let period = this.#periods.at(-1);
    if (period?.start !== start) {
      this.#periods.push((period = { start, slowest: new SlowestRequests() }));
      if (this.#periods.length > PERIODS + 1) this.#periods.shift();
    }
    for (const request of requests) period.slowest.update(request);
  }

  /** The newest one last, at most 20. @param now ms since 1970 */
  slowest(now: number): readonly SlowRequest[] {
    const known = this.#periods
      .filter(({ start }) => now - start <= PERIOD * PERIODS)
      .flatMap(({ slowest }) => slowest.all);
    // One that is active is reported again and again: the last report has all that is known.
    const byId = new Map(known.map((request) => [request.id, request]));
    return [...byId.values()]
      .toSorted((a, b) => b.duration - a.duration)
      .slice(0, MOST_SLOW)
      .toSorted((a, b) => a.startedAt + a.duration - (b.startedAt + b.duration));
  }
}
