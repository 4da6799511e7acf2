// CVE-2012-6687: libfcgi 2.4.0 waited with select(), which cannot name a descriptor above 1,023: with more connections
// than that the process crashed.
import { expect, test } from "vitest";

import { get } from "../support/records.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";

const CONNECTIONS = 1_100;

test("1,100 connections at once, each with a request that waits, are all answered", async () => {
  const answer = deferred<string>();
  const { connect, server } = await serveDefinitions([responder({ "GET /": () => answer.promise })]);
  const peers = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect()));
  for (const peer of peers) peer.send(get(1, "/"));
  for (const peer of peers) await peer.roundTrip();
  expect(server.openConnections).toBe(CONNECTIONS);
  expect(server.activeRequests).toBe(CONNECTIONS);
  answer.resolve("in time");

  for (const peer of peers) expect((await peer.answer(1)).text).toBe("in time");
  expect(server.activeRequests).toBe(0);
});
