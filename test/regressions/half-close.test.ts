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
