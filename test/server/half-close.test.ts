import { once } from "node:events";
import { expect, it } from "vitest";

import { get } from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";

it("continues to serve when a peer half-closes while an answer is pending", async () => {
  let produced = 0;
  const stopped = deferred();
  const endless = async function* () {
    try {
      for (;;) {
        produced += 1;
        yield Buffer.alloc(60_000);
      }
    } finally {
      stopped.resolve();
    }
  };
  const { server, connect } = await serveDefinitions(
    [responder({ "GET /endless": endless, "GET /": () => "hello" })],
    { server: { timeouts: { halfClosed: 300 } } },
  );
  const peer = await connect();
  peer.socket.pause();
  peer.send(get(1, "/endless"));
  // What the peer has not read fills its buffers and ours, until nothing more is sent for several turns of the event loop.
  for (let before = -1; before !== produced || before === 0; await turns(50)) before = produced;
  peer.end();
  await once(peer.socket, "finish");

  const other = await connect();
  other.send(get(1, "/"));
  expect((await other.answer(1)).text).toBe("hello");
  peer.destroy();
  await stopped.promise;
  await expect.poll(() => server.activeRequests).toBe(0);
});

it("answers everything a peer requested before it half-closed, also if delayed", async () => {
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

it("answers what was requested together with a request without keep-alive", async () => {
  const { connect } = await serveDefinitions([responder({ "GET /": () => Buffer.alloc(300_000) })]);
  const peer = await connect();
  const ids = Array.from({ length: 10 }, (_, index) => index + 1);
  peer.send(...ids.map((id) => get(id, "/", { keep: id !== 2 })));
  const answers = await Promise.all(ids.map((id) => peer.answer(id)));
  expect(answers.every(({ body }) => body.length === 300_000)).toBe(true);
  await peer.closedByApplication();
});
