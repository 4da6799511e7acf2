import { describe, expect, test } from "vitest";

import type { AnswerObserver } from "../../src/protocol/application-side/answer-observer.js";
import { Params } from "../../src/protocol/params.js";
import { activeRequests } from "../../src/supervisor/active-requests.js";

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
