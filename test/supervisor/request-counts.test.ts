import { expect, test } from "vitest";

import type { RequestEvent } from "../../src/events/request-event.js";
import { MOST_NAMES, MOST_SERIES, RequestCounts } from "../../src/supervisor/request-counts.js";

function ended(request: Partial<RequestEvent>): RequestEvent {
  return {
    role: "responder",
    duration: 1,
    bytesIn: 0,
    bytesOut: 0,
    isAbortedByPeer: false,
    isBrokenOff: false,
    ...request,
  } as RequestEvent;
}

function requestsOf(counts: RequestCounts): number {
  return [...counts.series()].reduce((total, { durations }) => total + durations.count, 0);
}

test("more series than are kept apart are counted together", () => {
  const counts = new RequestCounts();
  for (let number = 0; number < MOST_SERIES + 50; number += 1)
    counts.count(ended({ route: `GET /${number}`, status: number % 2 === 0 ? 200 : 500 }));
  const series = [...counts.series()];
  expect(series).toHaveLength(MOST_SERIES + 1);
  expect(series.at(-1)).toMatchObject({ role: "other", route: "other", status: "other", failed: 25 });
  expect(requestsOf(counts)).toBe(MOST_SERIES + 50);
});

test("reports of many workers stay within the same bounds, and nothing is lost of their numbers", () => {
  const total = new RequestCounts();
  for (let worker = 0; worker < 3; worker += 1) {
    const counts = new RequestCounts();
    for (let number = 0; number < MOST_SERIES; number += 1)
      counts.count(
        ended({
          route: `GET /${worker}/${number}`,
          status: 200,
          refused: `ERR_${worker}_${number}`,
          decision: "deny",
          authorizer: `A${worker}_${number}`,
        }),
      );
    total.add(counts.counted);
  }
  expect([...total.series()]).toHaveLength(MOST_SERIES + 1);
  expect([total.refusals.size, total.decisions.size]).toEqual([MOST_NAMES + 1, MOST_NAMES + 1]);
  expect(requestsOf(total)).toBe(3 * MOST_SERIES);
  expect(total.refusals.get("other")).toBe(2 * MOST_SERIES);
  expect(total.decisions.get("other")).toEqual({ allowed: 0, denied: 2 * MOST_SERIES });
});

test("a role that the application does not have is one series, whatever its number", () => {
  const counts = new RequestCounts();
  for (let number = 10; number < 20; number += 1)
    counts.count(ended({ role: `role ${number}`, refused: "ERR_UNKNOWN_ROLE" }));
  expect([...counts.series()]).toMatchObject([{ role: "unknown", route: "", status: "none", failed: 10 }]);
});

test.each<[string, Partial<RequestEvent>, number]>([
  ["with a status below 500", { status: 404 }, 0],
  ["with a status of 500 or more", { status: 503 }, 1],
  ["without a status", {}, 1],
  ["without a status in a role that has none", { role: "role 9" }, 0],
  ["whose handler failed in a role that has no status", { role: "role 9", error: new Error("no") }, 1],
  ["whose answer broke off", { status: 200, isBrokenOff: true }, 1],
  ["that its peer has aborted", { isAbortedByPeer: true }, 0],
])("a request %s counts as failed: %i", (_what, request, failed) => {
  const counts = new RequestCounts();
  counts.count(ended(request));
  expect([...counts.series()][0]!.failed).toBe(failed);
  expect(counts.aborted).toBe(request.isAbortedByPeer === true ? 1 : 0);
});
