import pino from "pino";
import { expect, it, onTestFinished } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { Server } from "../../src/server/server.js";
import { authorize, begin, get } from "../support/records.js";
import { responder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** A server whose logger throws, as one does that writes to a full disk. */
async function connect(): Promise<WebServerPeer> {
  const log = pino({ level: "debug" }, { write: () => fail() });
  const definitions = [
    responder({
      "GET /throws": () => fail(),
      "GET /rejects": () => Promise.reject(new Error("no")),
      "GET /hangs": () => new Promise(() => {}),
    }),
  ];
  const server = new Server(new Dispatcher(new Roles(definitions, { log, timeouts: { handler: 100 } })), {
    log,
  });
  await server.listen("127.0.0.1:0");
  onTestFinished(() => server.close());
  return WebServerPeer.connect(server.address);
}

function fail(): never {
  throw new Error("no space left on device");
}

it.each([
  ["/throws", 500],
  ["/rejects", 500],
  ["/hangs", 504],
])("answers %s with %i although the logger throws", async (path, status) => {
  const peer = await connect();
  peer.send(get(1, path));
  expect((await peer.answer(1)).status).toBe(status);
});

it("denies although the logger throws", async () => {
  const peer = await connect();
  peer.send(authorize(1, "/"));
  expect((await peer.answer(1)).status).toBe(403);
});

it("refuses an unknown role although the logger throws", async () => {
  const peer = await connect();
  peer.send(begin(1, 77));
  expect((await peer.answer(1)).protocolStatus).toBe(3);
});

it("closes after a protocol error although the logger throws", async () => {
  const peer = await connect();
  peer.send(Buffer.from([2, 1, 0, 1, 0, 8, 0, 0]));
  await peer.closedByApplication();
});
