import { expect, test } from "vitest";

import type { Exchange } from "../../src/protocol/application-side/exchange.js";
import type { RoleDefinition } from "../../src/roles/definitions.js";
import { begin, params, stdin } from "../support/records.js";
import { deferred, serveDefinitions } from "../support/served.js";

const NUMBER = 9;

/** A role whose handler is given the exchange, in which abort listeners end it at once. */
function roleThatEnds(end: (exchange: Exchange) => void, handle: (exchange: Exchange) => void = () => {}) {
  const aborted = deferred();
  const ended = deferred();
  const dispatched = deferred();
  const role: RoleDefinition = {
    kind: "role",
    number: NUMBER,
    name: "Ending",
    inputs: { stdin: true, data: false },
    handle: (exchange) => {
      exchange.onAbort(() => {
        end(exchange);
        aborted.resolve();
      });
      exchange.onEnd(() => ended.resolve());
      handle(exchange);
      dispatched.resolve();
    },
  };
  return { role, aborted: aborted.promise, ended: ended.promise, dispatched: dispatched.promise };
}

const endings = [
  ["end()", (exchange: Exchange) => exchange.end({ applicationStatus: 3 })],
  [
    "answer()",
    (exchange: Exchange) => exchange.answer({ head: "Status: 200\r\n\r\n", body: "", bodyLength: 0 }),
  ],
] as const;

const request = Buffer.concat([begin(1, NUMBER), params(1, { A: "b" }), stdin(1)]);

test.each(endings)(
  "a listener that calls %s when the peer resets the connection harms nothing",
  async (_name, end) => {
    const { role, aborted, ended, dispatched } = roleThatEnds(end);
    const { server, connect } = await serveDefinitions([role]);
    const peer = await connect();
    peer.send(request);
    await dispatched;
    peer.reset();
    await Promise.all([aborted, ended]);
    await expect.poll(() => [server.activeRequests, server.openConnections]).toEqual([0, 0]);
  },
);

test.each(endings)(
  "a listener that calls %s when a half-closed peer has waited too long harms nothing",
  async (_name, end) => {
    const { role, aborted, ended, dispatched } = roleThatEnds(end);
    const { server, connect } = await serveDefinitions([role], { server: { timeouts: { halfClosed: 50 } } });
    const peer = await connect();
    peer.send(request);
    await dispatched;
    peer.end();
    await Promise.all([aborted, ended]);
    await expect.poll(() => [server.activeRequests, server.openConnections]).toEqual([0, 0]);
  },
);

test.each(endings)(
  "a listener that calls %s when the peer accepts no output harms nothing",
  async (_name, end) => {
    const { role, aborted, ended } = roleThatEnds(end, (exchange) => {
      exchange.writeHead("Status: 200\r\n\r\n");
      for (let piece = 0; piece < 400; piece += 1) exchange.write(Buffer.alloc(60_000));
    });
    const { server, connect } = await serveDefinitions([role], { server: { timeouts: { send: 100 } } });
    const peer = await connect();
    peer.socket.pause();
    peer.send(request);
    await Promise.all([aborted, ended]);
    await expect.poll(() => [server.activeRequests, server.openConnections]).toEqual([0, 0]);
  },
);

test.each(endings)("breakOff() closes the connection although a listener calls %s", async (_name, end) => {
  const { role, aborted, ended } = roleThatEnds(end, (exchange) => {
    exchange.writeHead("Status: 200\r\n\r\n");
    setImmediate(() => exchange.breakOff());
  });
  const { server, connect } = await serveDefinitions([role]);
  const peer = await connect();
  peer.send(request);
  await Promise.all([aborted, ended, peer.closedByApplication()]);
  expect(peer.brokenOff).toBe(true);
  peer.destroy();
  await expect.poll(() => server.openConnections).toBe(0);
});
