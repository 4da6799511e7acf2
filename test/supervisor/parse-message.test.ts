import { expect, test } from "vitest";

import { parseMessageToMaster } from "../../src/supervisor/parse-message.js";

const statistics = { rss: 1, requests: 2, refusals: 0, connections: 1, active: [] };

test.each([
  { kind: "ready" },
  { kind: "prepared", access: { mode: 0o660, owner: "www-data" }, shutdown: 30_000 },
  { kind: "failed", failure: { sentence: "no", details: ["    at /a.js:1"] } },
  { kind: "connection", id: 1, unread: "AQE=", rate: 2.5 },
  { kind: "connection", id: 1, unread: "" },
  { kind: "report", id: 3, statistics, load: 4.5 },
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
])("%j is an invalid message", (message) => {
  expect(parseMessageToMaster(message)).toEqual({ fact: expect.any(String) });
});

test.each([[null], [undefined], [7], ["ready"], [{}], [{ kind: "mine" }], [[]]])(
  "%j is none of our messages",
  (body) => {
    expect(parseMessageToMaster(body)).toBeUndefined();
  },
);
