import { expect, test } from "vitest";

import type { RequestEvent } from "../../src/index.js";
import { RequestCounter } from "../../src/supervisor/request-counter.js";

function ended(path: string): RequestEvent {
  const facts = { id: "5f3-1", role: "responder", method: "GET", path, status: 200, startedAt: 0 };
  return { ...facts, duration: 12, bytesIn: 0, bytesOut: 0 } as unknown as RequestEvent;
}

test.each([
  ["secret parameters", "/books/7;jsessionid=s3cret", "/books/7;jsessionid=[redacted]"],
  ["the client's password", "http://ada:s3cret@books.example/7", "http://books.example/7"],
  ["what is beyond 200 characters", `/${"p".repeat(60_000)}`, `/${"p".repeat(199)}…`],
])("of a slow request the master gets the path without %s", (_what, path, shown) => {
  const counter = new RequestCounter(undefined);
  counter.ended(ended(path));
  expect(counter.take().slow).toMatchObject([{ path: shown }]);
});
