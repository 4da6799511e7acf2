import { describe, expect, test } from "vitest";

import type { AnswerObserver } from "../../src/protocol/application-side/answer-observer.js";
import { Params } from "../../src/protocol/params.js";
import { activeRequests, boundActive } from "../../src/supervisor/active-requests.js";
import type { WorkerReport } from "../../src/supervisor/reports.js";

function request(params: Readonly<Record<string, string>>, begunAt = 0) {
  return { role: 1, params: Params.from(params), begunAt, observer: undefined };
}

describe("activeRequests", () => {
  test("shows role, method, path and age, oldest first, and no query", () => {
    const requests = [
      request({ REQUEST_METHOD: "GET", REQUEST_URI: "/books/7?key=secret" }, 900),
      request(
        { REQUEST_METHOD: "POST", SCRIPT_NAME: "/app", PATH_INFO: "/x", QUERY_STRING: "key=secret" },
        500,
      ),
    ];
    expect(activeRequests(requests, 1_000)).toEqual([
      { role: "responder", method: "POST", path: "/app/x", age: 500 },
      { role: "responder", method: "GET", path: "/books/7", age: 100 },
    ]);
  });

  test("names a role beyond the three as logs and counts do", () => {
    const [shown] = activeRequests([{ ...request({}), role: 9 }], 0);
    expect(shown).toMatchObject({ role: "role 9" });
  });

  test("cuts methods and paths, which peers choose", () => {
    const [shown] = activeRequests(
      [request({ REQUEST_METHOD: "M".repeat(4_000), REQUEST_URI: `/${"p".repeat(60_000)}` })],
      0,
    );
    expect(shown).toMatchObject({ method: `${"M".repeat(32)}…`, path: `/${"p".repeat(199)}…` });
  });

  test("says where a request stands, if that is known", () => {
    const observer = { id: "5f3-1", route: "GET /books/:id" } as AnswerObserver;
    const standsAt = (id: string) => (id === "5f3-1" ? "src/books.ts:12:20" : undefined);
    const [shown] = activeRequests([{ ...request({}), observer }], 0, { standsAt });
    expect(shown).toMatchObject({ route: "GET /books/:id", standsAt: "src/books.ts:12:20" });
  });

  test("lists at most a thousand", () => {
    expect(
      activeRequests(
        Array.from({ length: 1_001 }, () => request({})),
        0,
      ),
    ).toHaveLength(1_000);
  });
});

describe("boundActive", () => {
  const workers = (count: number, each: number): readonly WorkerReport[] =>
    Array.from({ length: count }, (_, slot) => {
      const active = Array.from({ length: each }, (_each, nth) => ({
        role: "responder",
        method: "GET",
        path: `/${slot}`,
        age: each - nth,
      }));
      const statistics = { rss: 0, requests: 0, refusals: 0, connections: 0, activeCount: each, active };
      return { pid: slot, slot, state: "ready", generation: 0, startedAt: 0, statistics };
    });
  const listed = (reports: readonly WorkerReport[]): readonly number[] =>
    reports.map(({ statistics }) => statistics?.active.length ?? 0);

  test("leaves what few workers list", () => {
    const two = workers(2, 1_000);
    expect(boundActive(two)).toBe(two);
  });

  test("keeps the oldest of each of many workers, 2000 in all", () => {
    const silent = { ...workers(1, 0)[0]!, statistics: undefined };
    const bound = boundActive([...workers(39, 1_000), silent]);
    expect(listed(bound)).toEqual([...Array.from({ length: 39 }, () => 50), 0]);
    expect(bound[0]!.statistics!.active[0]).toMatchObject({ age: 1_000 });
    expect(bound[0]!.statistics!.activeCount).toBe(1_000);
  });

  test("keeps one of each of very many workers", () => {
    expect(new Set(listed(boundActive(workers(2_500, 1))))).toEqual(new Set([1]));
  });
});
