import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { expect, onTestFinished, test } from "vitest";

import type { ProtocolErrorEvent } from "../../src/index.js";
import { begin, get, record, Type } from "../support/records.js";
import { headers, netstring, ScgiPeer } from "../support/scgi-peer.js";
import { responder, serveDefinitions, type ServedOptions } from "../support/served.js";

const hello = responder({ "GET /": () => "hello" });

/** What the tests of this file hear, for as long as one runs. */
function heard(): ProtocolErrorEvent[] {
  const events: ProtocolErrorEvent[] = [];
  const listen = (event: unknown): void => void events.push(event as ProtocolErrorEvent);
  subscribe("tricorn.protocol.error", listen);
  onTestFinished(() => void unsubscribe("tricorn.protocol.error", listen));
  return events;
}

/** Sends bytes on a connection of their own. */
async function send(
  over: NonNullable<ServedOptions["over"]>,
  ...bytes: readonly Uint8Array[]
): Promise<void> {
  const served = await serveDefinitions([hello], { over });
  if (over.startsWith("scgi")) {
    const peer = (await ScgiPeer.connect(served.address)).send(...bytes);
    await peer.answer();
  } else {
    const peer = (await served.connect()).send(...bytes).end();
    await peer.closed();
  }
}

const unknownVersion = Buffer.from([2, 1, 0, 1, 0, 0, 0, 0]);
const malformedParams = Buffer.concat([
  begin(1),
  record(Type.params, 1, Buffer.from([0x80])),
  record(Type.params, 1),
]);

test.each([
  ["tcp", "an unknown version", [unknownVersion], "ERR_FCGI_VERSION"],
  ["unix", "an id that is active", [begin(1), begin(1)], "ERR_FCGI_DUPLICATE_BEGIN"],
  ["tcp", "HTTP", [Buffer.from("GET / HTTP/1.1\r\n\r\n")], "ERR_FCGI_VERSION"],
  ["unix", "malformed PARAMS, which one request alone fails by", [malformedParams], "ERR_FCGI_NAME_VALUE"],
  ["scgi", "no netstring", [Buffer.from("hello,")], "ERR_SCGI_NETSTRING"],
  ["scgi unix", "malformed headers", [netstring(headers([["SCGI", "1"]]))], "ERR_SCGI_HEADERS"],
] as const)("over %s a peer that sends %s is published once", async (over, _what, bytes, code) => {
  const events = heard();
  await send(over, ...bytes);
  expect(events).toEqual([
    {
      code,
      message: expect.stringMatching(/^Cannot read|^Cannot begin request: id 1/),
      peer: over.endsWith("unix") ? undefined : "127.0.0.1",
      connectionId: expect.any(Number),
    },
  ]);
});

test("each malformed request of a connection is published, with the number of that connection", async () => {
  const events = heard();
  const served = await serveDefinitions([hello]);
  const peer = await served.connect();
  peer.send(malformedParams, get(2, "/"));
  expect((await peer.answer(1)).status).toBe(400);
  expect((await peer.answer(2)).text).toBe("hello");
  peer.send(malformedParams);
  await peer.answer(1);
  expect(events.map(({ code }) => code)).toEqual(["ERR_FCGI_NAME_VALUE", "ERR_FCGI_NAME_VALUE"]);
  expect(events[0]!.connectionId).toBe(events[1]!.connectionId);
});

test("a limit, an abort and a lost connection break no protocol", async () => {
  const events = heard();
  const served = await serveDefinitions([hello], { server: { limits: { paramsBytes: 16 } } });
  const peer = await served.connect();
  expect((await peer.send(get(1, "/a-path-of-some-length")).answer(1)).status).toBe(431);
  peer.send(begin(2), record(Type.abort, 2), begin(3)).destroy();
  await expect.poll(() => served.server.openConnections).toBe(0);
  expect(events).toEqual([]);
});
