import type { Exchange } from "../protocol/application-side/exchange.js";
import { roleName } from "../protocol/constants.js";
import type { ActiveRequest, WorkerReport } from "./reports.js";
import { shownMethod, shownPath } from "./shown-target.js";

/** Requests that are listed. */
const MOST_LISTED = 1_000;
/** Those of all workers together that a status lists: it is made anew for each page that asks. */
const MOST_IN_STATUS = 2_000;

/** Requests of which it is said where they stand: that is looked for anew each time. */
const MOST_PLACED = 100;

/** What else is known of requests. */
export interface ActiveFacts {
  /** Where the request of an id stands. */
  readonly standsAt?: ((id: string) => string | undefined) | undefined;
}

/** Describes requests that a worker is answering, at most a thousand, oldest first. @param now of the clock of `performance` */
export function activeRequests(
  exchanges: Iterable<Pick<Exchange, "role" | "params" | "begunAt" | "observer">>,
  now: number,
  { standsAt }: ActiveFacts = {},
): readonly ActiveRequest[] {
  const requests: ActiveRequest[] = [];
  for (const { role, params, begunAt, observer } of exchanges) {
    if (requests.length === MOST_LISTED) break;
    requests.push({
      role: roleName(role),
      method: shownMethod(params.get("REQUEST_METHOD") ?? ""),
      path: shownPath(targetOf(params)),
      route: observer?.route,
      standsAt: observer && requests.length < MOST_PLACED ? standsAt?.(observer.id) : undefined,
      age: Math.round(now - begunAt),
    });
  }
  return requests.toSorted((a, b) => b.age - a.age);
}

function targetOf(params: Exchange["params"]): string {
  return params.get("REQUEST_URI") ?? `${params.get("SCRIPT_NAME") ?? ""}${params.get("PATH_INFO") ?? ""}`;
}

/** Cuts what many workers list, to the oldest requests of each. `activeCount` still has all. */
export function boundActive(workers: readonly WorkerReport[]): readonly WorkerReport[] {
  const listed = workers.reduce((total, { statistics }) => total + (statistics?.active.length ?? 0), 0);
  if (listed <= MOST_IN_STATUS) return workers;
  const share = Math.max(1, Math.floor(MOST_IN_STATUS / workers.length));
  return workers.map((worker) =>
    worker.statistics === undefined
      ? worker
      : { ...worker, statistics: { ...worker.statistics, active: worker.statistics.active.slice(0, share) } },
  );
}
