import type { ObservedStatus } from "../../src/supervisor/observed-status.js";
import type { ActiveRequest, WorkerEnd, WorkerReport } from "../../src/supervisor/reports.js";
import type { Status } from "../../src/supervisor/status.js";

const MIB = 1024 * 1024;

/** When the fixtures were made; ms since 1970. */
export const NOW = Date.UTC(2026, 10, 30, 12);

/** A worker that serves. */
export function worker(slot: number, active: readonly ActiveRequest[] = []): WorkerReport {
  const statistics = {
    rss: 64 * MIB,
    requests: 1_000 + slot,
    refusals: 0,
    connections: 3,
    activeCount: active.length,
    active,
  };
  return { pid: 100 + slot, slot, state: "ready", generation: 1, startedAt: NOW - 60_000, statistics };
}

/** A request to a route that is active. */
export function activeRequest(path: string, age = 20): ActiveRequest {
  return { role: "responder", method: "GET", path, age };
}

/** A worker that ended before it served. */
export function shortLife(ago: number): WorkerEnd {
  const what = { pid: 200 + ago, slot: 1, generation: 1, age: 400, how: "not started" } as const;
  return { at: NOW - ago * 1000, ...what, why: undefined, code: 7, signal: null };
}

/** What is known of the requests. */
export const observed: ObservedStatus = {
  totals: {
    requests: 12_345,
    failed: 12,
    aborted: 3,
    refused: 4,
    allowed: 50,
    denied: 6,
    protocolErrors: 1,
    bytesIn: 2_048,
    bytesOut: 3 * MIB,
  },
  refusals: { ERR_LIMIT_BODY: 3, ERR_LIMIT_REQUESTS: 1 },
  lastMinute: { seconds: 60, requests: 8_000, failed: 0, refused: 0, p50: 4, p99: 40, lag: 11 },
  history: Array.from({ length: 150 }, (_, at) => ({
    at: NOW - (149 - at) * 2_000,
    requests: 2 * at,
    failed: 0,
    refused: 0,
    p50: at < 10 ? null : 4,
    p99: at < 10 ? null : 40,
    active: at % 5,
    rss: (100 + at) * MIB,
    lag: 11,
  })),
  routes: [
    { role: "responder", route: "GET /books/:id", requests: 12_000, failed: 0, p50: 4, p99: 40 },
    { role: "responder", route: "POST /books", requests: 345, failed: 12, p50: 9, p99: 900 },
  ],
  slow: [
    {
      id: "5f3-1-2a",
      worker: 100,
      role: "responder",
      method: "GET",
      path: "/reports/1999",
      route: "GET /reports/:year",
      startedAt: NOW - 60_000,
      duration: 4_321,
      status: 200,
      standsAt: "src/reports.ts:48:22",
    },
  ],
};

/** A master whose two workers serve. */
export const serving: Status = {
  program: "/srv/hats/dist/main.js",
  pid: 99,
  startedAt: NOW - 3_600_000,
  at: NOW,
  isStopping: false,
  addresses: ["unix:/run/hats/app.sock"],
  workers: [worker(0), worker(1, [activeRequest("/books/7")])],
  wanted: 2,
  lastReloads: [{ startedAt: NOW - 60_000, took: 1_500, generation: 1, replaced: 2, failure: undefined }],
  lastEnds: [],
  observed,
};
