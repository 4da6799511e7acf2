import { expect, test } from "vitest";

import { parseMessageToMaster } from "../../src/supervisor/parse-message.js";

const statistics = { rss: 1, requests: 2, refusals: 0, connections: 1, activeCount: 0, active: [] };
const observed = {
  series: [{ role: "responder", route: "", status: "200", failed: 0, took: 1.5, durations: [[2, 1]] }],
  decisions: [["Gate", { allowed: 1, denied: 0 }]],
  refusals: [["ERR_LIMIT_BODY", 2]],
  protocolErrors: [],
  aborted: 0,
  bytesIn: 1,
  bytesOut: 2,
  slow: [{ id: "a-1", role: "responder", method: "GET", path: "/", startedAt: 1, duration: 2, status: 200 }],
  lag: 3,
};
const series = Array.from({ length: 1_002 }, () => observed.series[0]);

test.each([
  { kind: "ready" },
  { kind: "prepared", access: { mode: 0o660, owner: "www-data" }, shutdown: 30_000 },
  { kind: "failed", failure: { sentence: "no", details: ["    at /a.js:1"] } },
  { kind: "connection", id: 1, unread: "AQE=", rate: 2.5 },
  { kind: "connection", id: 1, unread: "" },
  { kind: "report", id: 3, statistics, load: 4.5 },
  { kind: "report", id: 3, statistics, load: 4.5, observed },
  { kind: "observed", observed },
])("%j is a message", (message) => {
  expect(parseMessageToMaster(message)).toEqual(message);
});

test.each([
  { kind: "failed", failure: {} },
  { kind: "failed", failure: { sentence: "no", details: "none" } },
  { kind: "prepared", access: { mode: "0660" }, shutdown: 1 },
  { kind: "prepared", access: {}, shutdown: null },
  { kind: "connection", id: -1, unread: "" },
  { kind: "connection", id: 1, unread: "?" },
  { kind: "report", id: 1, statistics: { ...statistics, active: {} }, load: 0 },
  { kind: "report", id: 1, statistics, load: "much" },
  { kind: "observed", observed: { ...observed, bytesIn: -1 } },
  { kind: "observed", observed: { ...observed, series: [{ ...series[0], durations: [[32, 1]] }] } },
  { kind: "observed", observed: { ...observed, slow: Array.from({ length: 21 }, () => observed.slow[0]) } },
])("%j is an invalid message", (message) => {
  expect(parseMessageToMaster(message)).toEqual({ fact: expect.any(String) });
});

test("more series than a worker keeps apart are an invalid message", () => {
  expect(parseMessageToMaster({ kind: "observed", observed: { ...observed, series } })).toEqual({
    fact: expect.stringMatching(/^observed\.series: /),
  });
});

test.each([[null], [undefined], [7], ["ready"], [{}], [{ kind: "mine" }], [[]]])(
  "%j is none of our messages",
  (body) => {
    expect(parseMessageToMaster(body)).toBeUndefined();
  },
);
