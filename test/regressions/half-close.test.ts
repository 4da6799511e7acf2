import { expect, it } from "vitest";

import { get } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

it("goes on serving when a peer half-closes while an answer waits for it", async () => {
  const endless = async function* () {
    for (;;) yield Buffer.alloc(60_000);
  };
  const { server, connect } = await serveDefinitions(
    [responder({ "GET /endless": endless, "GET /": () => "hello" })],
    { server: { timeouts: { halfClosed: 300 } } },
  );
  const peer = await connect();
  peer.socket.pause();
  peer.send(get(1, "/endless"));
  // What the peer has not read fills its buffers and ours.
  while (peer.socket.readableLength === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  peer.end();
  await new Promise((resolve) => peer.socket.once("finish", resolve));

  const other = await connect();
  other.send(get(1, "/"));
  expect((await other.answer(1)).text).toBe("hello");
  peer.destroy();
  while (server.activeRequests > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});
