// Requests that reached the process before it was asked to end are answered.
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { begin, get, params, record, stdin, Type, variablesOf } from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";
import { openSocket } from "../support/web-server-peer.js";

const hello = responder({ "GET /hello": () => "hello" });
const patient = { server: { timeouts: { shutdown: 60_000 } } };

/** Everything received until the connection ends. */
async function everything(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

describe.each(["tcp", "unix"] as const)("Server.close, over %s, answers", (over) => {
  test("requests on kept connections that have arrived, but were not read", async () => {
    const { connect, server } = await serveDefinitions([hello], { over, ...patient });
    const peers = await Promise.all(Array.from({ length: 20 }, connect));
    for (const peer of peers) await peer.send(get(1, "/hello")).answer(1);
    // The kernel has it when send() returns; the server has no turn before it closes.
    for (const peer of peers) peer.send(get(2, "/hello"));
    const closed = server.close();

    for (const peer of peers) expect((await peer.answer(2)).text).toBe("hello");
    await closed;
  });

  test("connections that wait to be accepted, and their requests", async () => {
    const { address, server } = await serveDefinitions([hello], { over, ...patient });
    const sockets = Array.from({ length: 20 }, () => openSocket(address));
    for (const socket of sockets) socket.write(get(1, "/hello", { keep: false }));
    const answers = sockets.map(everything);
    // A connection over TCP is made in the next turn.
    if (over === "tcp") await Promise.all(sockets.map((socket) => once(socket, "connect")));
    const closed = server.close();

    for (const answer of answers) expect(await answer).toContain("hello");
    await closed;
  });

  test("the first request of a connection, which arrives a moment after it", async () => {
    const { connect, server } = await serveDefinitions([hello], { over, ...patient });
    const [silent, asks] = [await connect(), await connect()];
    // HAProxy asks for the limits first and waits for the answer.
    await asks.roundTrip();
    const closed = server.close();
    await turns();
    await asks.roundTrip();

    expect((await silent.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect((await asks.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    await silent.closedByApplication();
    await asks.closedByApplication();
    await closed;
  });

  test("one more request on a connection that has just brought one, if it is asked to", async () => {
    const { connect, server } = await serveDefinitions([hello], { over, ...patient });
    const peer = await connect();
    await peer.send(get(1, "/hello")).answer(1);
    const closed = server.close("after one more request");
    await turns();

    expect((await peer.send(get(2, "/hello")).answer(2)).text).toBe("hello");
    await peer.closedByApplication();
    await closed;
  });

  test.each([1, 5, 8, 12])("a request of whose BEGIN_REQUEST %d bytes have arrived", async (length) => {
    const { connect, server } = await serveDefinitions([hello], { over, ...patient });
    const peer = await connect();
    await peer.send(get(1, "/hello")).answer(1);
    const request = get(2, "/hello");
    peer.send(request.subarray(0, length));
    await turns();
    const closed = server.close();
    await turns();

    expect((await peer.send(request.subarray(length)).answer(2)).text).toBe("hello");
    await peer.closedByApplication();
    await closed;
  });
});

describe("Server.close", () => {
  test("answers what a multiplexing Web server sent before it saw the last answer", async () => {
    const go = deferred();
    const { connect, server } = await serveDefinitions(
      [responder({ "GET /later": () => go.promise.then(() => "later"), "GET /hello": () => "hello" })],
      patient,
    );
    const peer = await connect();
    await peer.send(get(1, "/later"), get(2, "/later")).roundTrip();
    const closed = server.close();
    await turns();
    peer.send(get(3, "/hello"));
    // Both answers are written before the socket is read again.
    go.resolve();

    expect((await peer.answer(3)).text).toBe("hello");
    expect((await peer.answer(2)).text).toBe("later");
    await peer.closedByApplication();
    await closed;
  });

  test("closes a connection with its last answer if the Web server does not multiplex", async () => {
    const go = deferred();
    const { connect, server } = await serveDefinitions(
      [responder({ "GET /later": () => go.promise.then(() => "later") })],
      patient,
    );
    const peer = await connect();
    await peer.send(get(1, "/later")).roundTrip();
    const closed = server.close();
    await turns();
    go.resolve();
    await peer.answer(1);
    await peer.closedByApplication();
    peer.send(get(2, "/later"));

    await closed;
    expect(peer.pending.some(({ id }) => id === 2)).toBe(false);
  });

  test("waits only a moment for a silent connection", async () => {
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { connect, server } = await serveDefinitions([hello], patient);
    const peer = await connect();
    await peer.roundTrip();
    const closed = server.close();
    await turns();
    expect(server.openConnections).toBe(1);
    vi.advanceTimersByTime(1_500);
    await closed;

    await peer.closedByApplication();
    expect(server.openConnections).toBe(0);
  });

  test("accepts no waiting connection above its limit", async () => {
    const { address, connect, server } = await serveDefinitions([hello], {
      server: { limits: { connections: 1 }, timeouts: { shutdown: 60_000 } },
    });
    const peer = await connect();
    await peer.send(get(1, "/hello")).answer(1);
    const more = Array.from({ length: 3 }, () => openSocket(address));
    for (const socket of more) socket.on("error", () => undefined);
    await Promise.all(more.map((socket) => once(socket, "connect")));
    await server.close();

    expect(server.openConnections).toBe(0);
  });

  test("refuses requests on a connection accepted after its shutdown time-out", async () => {
    const { connect, server } = await serveDefinitions(
      [responder({ "POST /hang": () => new Promise<never>(() => undefined) })],
      {
        server: { timeouts: { shutdown: 0, abortGrace: 60_000 } },
      },
    );
    const [peer, silent] = [await connect(), await connect()];
    await peer
      .send(begin(1), params(1, variablesOf("/hang", { REQUEST_METHOD: "POST" })), stdin(1, "body"))
      .roundTrip();
    const closed = server.close();

    expect((await peer.answer(1)).status).toBe(503);
    await silent.closedByApplication();
    peer.send(record(Type.stdin, 1)).end();
    await closed;
  });
});

test("lets requests finish for as long as they take if the shutdown time is Infinity", async () => {
  const work = deferred<string>();
  const { server, connect } = await serveDefinitions([responder({ "GET /": () => work.promise })], {
    server: { timeouts: { shutdown: Infinity } },
  });
  const peer = await connect();
  peer.send(get(1, "/"));
  await peer.roundTrip();
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const closed = server.close();
  // More than the default shutdown time, less than a handler has.
  vi.advanceTimersByTime(45_000);
  await turns();
  expect(server.activeRequests).toBe(1);
  work.resolve("done");
  expect((await peer.answer(1)).text).toBe("done");
  await closed;
});
