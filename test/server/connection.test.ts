import { describe, expect, onTestFinished, test, vi } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { allow } from "../../src/roles/verdict.js";
import { Server } from "../../src/server/server.js";
import { MemoryTransport } from "../support/memory-transport.js";
import {
  Filter,
  Type,
  authorize,
  begin,
  get,
  params,
  post,
  record,
  stdin,
  variablesOf,
} from "../support/records.js";
import { capturedLog, deferred, responder, serveDefinitions, turns } from "../support/served.js";

const hello = responder({ "GET /hello": () => "hello", "POST /echo": ({ body }) => body.text() });

/** A clock that advances only on demand; sockets do not use it. */
function stoppedClock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.advanceTimersByTime(ms);
}

describe("Connection", () => {
  test("writes a small answer in one piece, and all answers of a turn together", async () => {
    const { log } = capturedLog();
    const server = new Server(new Dispatcher(new Roles([hello], { log })), { log });
    const transport = new MemoryTransport();
    const write = vi.spyOn(transport, "write");
    server.accept(transport);
    transport.push(Buffer.concat([get(1, "/hello"), get(2, "/hello"), get(3, "/hello")]));
    await transport.answered(3);

    expect(write).toHaveBeenCalledTimes(1);
    transport.destroy();
    await server.close();
  });

  test("closes at once after a decision if the peer has closed STDIN, which the role does not read", async () => {
    const { log } = capturedLog();
    const gate = { kind: "authorizer" as const, name: "All", paths: [], authorize: async () => allow() };
    const server = new Server(new Dispatcher(new Roles([gate], { log })), { log });
    const transport = new MemoryTransport();
    server.accept(transport);
    // With params and the end of STDIN in one chunk, as lighttpd sends it.
    transport.push(Buffer.concat([authorize(1, "/x", { keep: false }), stdin(1)]));
    await transport.answered(1);
    await turns();

    expect(transport.destroyed).toBe(true);
    await server.close();
  });

  test("yields to the event loop while a producer never pauses and the peer reads everything", async () => {
    const pulled = { times: 0 };
    const { log } = capturedLog();
    const flood = responder({
      "GET /flood": function* () {
        for (; pulled.times < 20_000; pulled.times += 1) yield Buffer.alloc(1);
        for (; pulled.times < 22_000; pulled.times += 1) yield Buffer.alloc(60_000);
      },
    });
    const server = new Server(new Dispatcher(new Roles([flood], { log })), { log });
    const transport = new MemoryTransport();
    server.accept(transport);
    transport.push(get(1, "/flood"));
    // The request is read at once; only later work may take turns.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));

    expect(pulled.times).toBeLessThan(22_000);
    await transport.answered(1);
    expect(transport.answers[0]![1].body).toHaveLength(20_000 + 2_000 * 60_000);
    transport.destroy();
    await server.close();
  });

  describe.each(["tcp", "unix"] as const)("over %s", (over) => {
    test("keeps serving after peers that disappear at each byte of a request", async () => {
      const gate = { kind: "authorizer" as const, name: "All", paths: [], authorize: () => allow() };
      const { connect, server, log } = await serveDefinitions([hello, gate], { over });
      const requests = [post(1, "/echo", "body", { keep: false }), authorize(2, "/x"), begin(3, Filter)];
      const bytes = Buffer.concat(requests);
      for (let length = 0; length <= bytes.length; length += 1) {
        const peer = await connect();
        if (length > 0) peer.send(bytes.subarray(0, length));
        if (length % 3 === 0) peer.end();
        else if (length % 3 === 1 && over === "tcp") peer.reset();
        else peer.destroy();
        if (length % 3 === 0) {
          await peer.closedByApplication();
          peer.destroy();
        }
        await peer.closed();
      }
      const last = await connect();
      expect((await last.send(get(1, "/hello")).answer(1)).text).toBe("hello");
      last.destroy();
      await last.closed();
      await turns(50);
      expect(server.activeRequests).toBe(0);
      expect(log.filter(({ level }) => level >= 50)).toEqual([]);
    });

    test("aborts active requests when the peer disappears, and closes their streams", async () => {
      const reasons: unknown[] = [];
      const closed = deferred();
      const begun = deferred();
      const { connect, server } = await serveDefinitions(
        [
          responder({
            "GET /listen": ({ signal }) => {
              signal.addEventListener("abort", () => reasons.push(signal.reason));
              return new Promise(() => undefined);
            },
            "GET /stream": async function* () {
              try {
                for (;;) {
                  yield "x";
                  begun.resolve();
                  await turns(1);
                }
              } finally {
                closed.resolve();
              }
            },
          }),
        ],
        { over },
      );
      const peer = await connect();
      peer.send(get(1, "/listen"), get(2, "/stream"));
      await begun.promise;
      expect(server.activeRequests).toBe(2);
      peer.destroy();
      await closed.promise;

      expect(reasons).toEqual([expect.objectContaining({ code: "ERR_ABORTED_DISCONNECT" })]);
      await turns();
      expect(server.activeRequests).toBe(0);
      expect(server.openConnections).toBe(0);
    });

    test("answers a peer that has half-closed after the request", async () => {
      const { connect } = await serveDefinitions(
        [hello, responder({ "GET /soon": async () => (await turns(20), "soon") })],
        { over },
      );
      const peer = await connect();
      peer.send(get(1, "/hello"), post(2, "/echo", "body"), get(3, "/soon")).end();

      expect((await peer.answer(1)).text).toBe("hello");
      expect((await peer.answer(2)).text).toBe("body");
      expect((await peer.answer(3)).text).toBe("soon");
      await peer.closedByApplication();
    });

    test("abandons a peer that has half-closed while its handler hangs", async () => {
      const { connect, server } = await serveDefinitions(
        [responder({ "GET /hang": () => new Promise(() => undefined) })],
        { over, server: { timeouts: { halfClosed: 1 } } },
      );
      const peer = await connect();
      peer.send(get(1, "/hang")).end();
      await peer.closed();
      await turns();

      expect(server.activeRequests).toBe(0);
    });
  });

  test("closes an idle connection after its time-out, counted from the last request", async () => {
    const pass = stoppedClock();
    const { connect } = await serveDefinitions([hello], { server: { timeouts: { idle: 1_000 } } });
    const [silent, peer] = [await connect(), await connect()];
    for (let time = 0; time < 5; time += 1) {
      await peer.send(get(1, "/hello")).answer(1);
      pass(750);
    }
    await peer.roundTrip();
    expect(peer.ended).toBe(false);
    // One that never asks has as much time.
    await silent.closedByApplication();
    pass(500);

    await peer.closedByApplication();
  });

  test("does not treat a connection as idle while a request is active", async () => {
    const pass = stoppedClock();
    const later = deferred<string>();
    const { connect } = await serveDefinitions([responder({ "GET /later": () => later.promise })], {
      server: { timeouts: { idle: 1_000 } },
    });
    const peer = await connect();
    peer.send(get(1, "/later"));
    await peer.roundTrip();
    pass(5_000);
    await peer.roundTrip();
    later.resolve("in time");
    expect((await peer.answer(1)).text).toBe("in time");
    pass(750);
    await peer.roundTrip();
    pass(500);

    await peer.closedByApplication();
  });

  test("counts the time limits of the first request from its own begin, however long the server has waited", async () => {
    const pass = stoppedClock();
    const later = deferred<string>();
    const { connect } = await serveDefinitions([responder({ "GET /later": () => later.promise })], {
      server: { timeouts: { idle: 60_000 } },
    });
    pass(3_600_000);
    const peer = await connect();
    peer.send(get(1, "/later"), begin(2));
    await peer.roundTrip();
    pass(500);
    await peer.roundTrip();
    expect(peer.pending).toHaveLength(0);
    later.resolve("in time");

    expect((await peer.answer(1)).text).toBe("in time");
  });

  test("drains no longer than its time limit after the last answer", async () => {
    const pass = stoppedClock();
    const { connect, server } = await serveDefinitions([hello], { server: { timeouts: { drain: 1_000 } } });
    const peer = await connect();
    peer.send(begin(1, 1, { keep: false }), params(1, variablesOf("/hello")));
    await peer.answer(1);
    await peer.closedByApplication();
    peer.send(record(Type.stdin, 1, "still"));
    await turns();
    pass(750);
    await turns();
    expect(server.openConnections).toBe(1);
    pass(750);
    await turns();
    expect(server.openConnections).toBe(0);
  });

  test("drains no more than its byte limit after the last answer", async () => {
    const { connect } = await serveDefinitions([hello], { server: { limits: { drainBytes: 100_000 } } });
    const peer = await connect();
    peer.send(begin(1, 1, { keep: false }), params(1, variablesOf("/hello")));
    await peer.answer(1);
    await peer.closedByApplication();

    await expect(peer.upload(...Array.from({ length: 1_000 }, () => Buffer.alloc(60_000)))).rejects.toThrow();
  });

  test("keeps a connection whose handler throws in the middle of a chunk", async () => {
    const { connect } = await serveDefinitions([
      hello,
      responder({
        "GET /throw": () => {
          throw new Error("thrown");
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/hello"), get(2, "/throw"), get(3, "/hello"), begin(4), stdin(9));

    expect((await peer.answer(1)).text).toBe("hello");
    expect((await peer.answer(2)).status).toBe(500);
    expect((await peer.answer(3)).text).toBe("hello");
  });
});
