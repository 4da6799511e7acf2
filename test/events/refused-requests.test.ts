import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { expect, onTestFinished, test } from "vitest";

import type { RequestEvent } from "../../src/index.js";
import { abort, begin, data, get, params, post, record, Type, variablesOf } from "../support/records.js";
import { responder, serveDefinitions, type Served } from "../support/served.js";

/** The requests that end while a test runs: `refused` and `isAbortedByPeer` of each. */
function ended(): (readonly [string | undefined, boolean])[] {
  const events: (readonly [string | undefined, boolean])[] = [];
  const listen = (event: unknown): void => {
    const { refused, isAbortedByPeer } = event as RequestEvent;
    events.push([refused, isAbortedByPeer]);
  };
  subscribe("tricorn.request.end", listen);
  onTestFinished(() => void unsubscribe("tricorn.request.end", listen));
  return events;
}

const routes = responder({
  "GET /": () => "hello",
  "GET /never": () => new Promise(() => {}),
  "GET /answers": ({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve("aborted"));
    }),
  "POST /": async ({ body }) => (await body.bytes()).length,
  "POST /short": async ({ body }) => (await body.bytes({ bytes: 2 })).length,
  "POST /caught": ({ body }) => body.bytes({ bytes: 2 }).then(String, () => "caught"),
});

function serve(timeouts = { handler: 50 }): Promise<Served> {
  return serveDefinitions([routes], {
    server: { limits: { bodyBytes: 4, paramsBytes: 200 } },
    dispatcher: { timeouts },
  });
}

test.each([
  ["an unknown role", [begin(1, 9), params(1, {}), data(1)], "ERR_UNKNOWN_ROLE"],
  ["long PARAMS", [get(1, `/${"x".repeat(200)}`)], "ERR_LIMIT_PARAMS"],
  [
    "malformed PARAMS",
    [begin(1), record(Type.params, 1, Buffer.from([0x80])), record(Type.params, 1)],
    "ERR_FCGI_NAME_VALUE",
  ],
  ["a long body", [post(1, "/", "12345")], "ERR_LIMIT_BODY"],
  ["a body above the limit of its handler", [post(1, "/short", "123")], "ERR_BODY_TOO_LARGE"],
  ["a handler that never answers", [get(1, "/never")], "ERR_ABORTED_TIMEOUT"],
  ["a handler that answers when its time is over", [get(1, "/answers")], "ERR_ABORTED_TIMEOUT"],
])("the end of a request that is refused for %s has its code", async (_what, bytes, code) => {
  const events = ended();
  const peer = await (await serve()).connect();
  await peer.send(...bytes).answer(1);
  expect(events).toEqual([[code, false]]);
});

test("the end of an answered request has no code", async () => {
  const events = ended();
  const peer = await (await serve()).connect();
  await peer.send(get(1, "/"), post(3, "/caught", "123")).answer(3);
  await peer.send(get(2, "/none")).answer(2);
  expect(events).toEqual([
    [undefined, false],
    [undefined, false],
    [undefined, false],
  ]);
});

test("an abort and a lost connection are no refusals", async () => {
  const events = ended();
  const served = await serve({ handler: Infinity });
  const aborting = await served.connect();
  const begun = Buffer.concat([begin(1), params(1, variablesOf("/never"))]);
  await aborting.send(begun, abort(1)).answer(1);
  const leaving = (await served.connect()).send(begun);
  await expect.poll(() => served.server.activeRequests).toBe(1);
  leaving.reset();
  await expect.poll(() => events).toHaveLength(2);
  expect(events).toEqual([
    [undefined, true],
    [undefined, true],
  ]);
});
