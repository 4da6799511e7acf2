import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";

import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

it("goes on serving when a peer half-closes while an answer waits for it", async () => {
  const produced: number[] = [];
  const endless = async function* () {
    for (;;) {
      produced.push(60_000);
      yield Buffer.alloc(60_000);
    }
  };
  const { server, connect } = await serveDefinitions(
    [responder({ "GET /endless": endless, "GET /": () => "hello" })],
    { server: { timeouts: { halfClosed: 300 } } },
  );
  const peer = await connect();
  peer.socket.pause();
  peer.send(get(1, "/endless"));
  // What the peer has not read fills its buffers and ours.
  for (let before = -1; before !== produced.length || before === 0; await pause(100))
    before = produced.length;
  peer.end();
  await once(peer.socket, "finish");

  const other = await connect();
  other.send(get(1, "/"));
  expect((await other.answer(1)).text).toBe("hello");
  peer.destroy();
  while (server.activeRequests > 0) await pause(20);
});

it("answers all that a peer asked before it half-closed, also what it cannot take at once", async () => {
  const { connect } = await serveDefinitions([responder({ "GET /": () => Buffer.alloc(300_000) })]);
  const peer = await connect();
  peer.socket.pause();
  const ids = Array.from({ length: 40 }, (_, index) => index + 1);
  peer.send(...ids.map((id) => get(id, "/"))).end();
  await once(peer.socket, "finish");
  peer.socket.resume();
  const answers = await Promise.all(ids.map((id) => peer.answer(id)));
  expect(answers.every(({ body }) => body.length === 300_000)).toBe(true);
});

it("answers what was asked together with a request that does not keep the connection", async () => {
  const { connect } = await serveDefinitions([responder({ "GET /": () => Buffer.alloc(300_000) })]);
  const peer = await connect();
  const ids = Array.from({ length: 10 }, (_, index) => index + 1);
  peer.send(...ids.map((id) => get(id, "/", { keep: id !== 2 })));
  const answers = await Promise.all(ids.map((id) => peer.answer(id)));
  expect(answers.every(({ body }) => body.length === 300_000)).toBe(true);
  await peer.closedByApplication();
});
