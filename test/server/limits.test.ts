import { describe, expect, onTestFinished, test, vi } from "vitest";

import { allow } from "../../src/roles/verdict.js";
import {
  Authorizer,
  Type,
  authorize,
  begin,
  get,
  params,
  record,
  stdin,
  stream,
  variablesOf,
} from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";
import type { WebServerPeer } from "../support/web-server-peer.js";

const hello = responder({ "GET /hello": () => "hello" });
const tooLong = [
  ["a name", { ["X".repeat(4097)]: "" }],
  ["a value", { X: "v".repeat(128 * 1024 + 1) }],
] as const;

/** The start of an upload to `/body`, of which the end is missing. */
function upload(peer: WebServerPeer, content: string | Buffer): void {
  peer.send(
    begin(1),
    params(1, variablesOf("/body", { REQUEST_METHOD: "POST" })),
    stream(Type.stdin, 1, content),
  );
}

/** A clock that advances only on demand; sockets do not use it. */
function stoppedClock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.advanceTimersByTime(ms);
}

describe("Limits of params", () => {
  test.each(tooLong)(
    "%s that is too long is refused with 431, and the connection stays open",
    async (_what, more) => {
      const { connect } = await serveDefinitions([hello]);
      const peer = await connect();
      peer.send(begin(1), params(1, { ...variablesOf("/hello"), ...more }), stdin(1), get(2, "/hello"));

      expect((await peer.answer(1)).status).toBe(431);
      expect((await peer.answer(2)).status).toBe(200);
    },
  );

  test.each(tooLong)("an authorizer is denied for %s that is too long", async (_what, more) => {
    const { connect } = await serveDefinitions([
      { kind: "authorizer", name: "Gate", paths: [], authorize: () => allow() },
    ]);
    const peer = await connect();
    peer.send(begin(1, Authorizer), params(1, { ...variablesOf("/"), ...more }));

    expect((await peer.answer(1)).status).toBe(431);
  });
});

describe("Limits and time-outs", () => {
  test.each([{ limits: { requests: Number.NaN } }, { limits: { request: 1 } }, { timeouts: { idle: -1 } }])(
    "that would limit nothing are refused at start-up: %o",
    async (server) => {
      await expect(serveDefinitions([hello], { server })).rejects.toMatchObject({
        code: "ERR_LIMIT_VALUE",
      });
    },
  );

  test("that are undefined have their defaults", async () => {
    const { server } = await serveDefinitions([hello], {
      server: { limits: { ["requests" as string]: undefined } },
    });
    expect(server.limits.requests).toBe(10_000);
  });

  test("that are exceeded do not fill the log", async () => {
    const { connect, log } = await serveDefinitions([hello]);
    const peer = await connect();
    const ids = Array.from({ length: 2_000 }, (_, index) => index + 1);
    peer.send(...ids.map((id) => begin(id, 99)));
    for (const id of ids) expect((await peer.answer(id)).protocolStatus).toBe(3);

    expect(log.length).toBeLessThan(200);
  });
});

describe("Limits of input", () => {
  test("params of incomplete requests count as well, until those are refused", async () => {
    const { server, connect } = await serveDefinitions([hello], {
      server: { limits: { bufferedPerServer: 100_000 }, timeouts: { params: 300 } },
    });
    const peer = await connect();
    for (let id = 1; id <= 3; id += 1) peer.send(begin(id), stream(Type.params, id, Buffer.alloc(40_000)));
    await expect.poll(() => server.inputFull).toBe(true);

    for (let id = 1; id <= 3; id += 1) expect((await peer.answer(id)).status).toBe(408);
    expect(server.inputFull).toBe(false);
  });

  test("input buffered across all connections pauses those that hold it, and no others", async () => {
    const read = deferred();
    const slow = responder({
      "POST /body": async ({ body }) => {
        await read.promise;
        return String((await body.bytes()).length);
      },
      "GET /hello": () => "hello",
    });
    const { server, connect } = await serveDefinitions([slow], {
      server: { limits: { bufferedPerServer: 96 * 1024 } },
    });
    const [one, other, third] = [await connect(), await connect(), await connect()];
    // Each is below the limits of a request and of a connection.
    upload(one, Buffer.alloc(64 * 1024));
    upload(other, Buffer.alloc(64 * 1024));
    await expect.poll(() => server.inputFull).toBe(true);
    third.send(get(1, "/hello"));
    expect((await third.answer(1)).text).toBe("hello");

    read.resolve();
    for (const peer of [one, other]) {
      peer.send(record(Type.stdin, 1));
      expect((await peer.answer(1)).text).toBe("65536");
    }
    expect(server.inputFull).toBe(false);
  });
});

describe("The limit of a body", () => {
  test("is answered with 413, the reader fails, and the connection stays open", async () => {
    const failed = deferred<unknown>();
    const reader = responder({
      "POST /body": async ({ body }) => {
        try {
          for await (const piece of body.stream()) void piece;
        } catch (error) {
          failed.resolve(error);
        }
        return "read";
      },
      "GET /hello": () => "hello",
    });
    const { connect } = await serveDefinitions([reader], { server: { limits: { bodyBytes: 100_000 } } });
    const peer = await connect();
    upload(peer, Buffer.alloc(100_001));
    peer.send(record(Type.stdin, 1), get(2, "/hello"));

    expect((await peer.answer(1)).status).toBe(413);
    expect(await failed.promise).toMatchObject({ code: "ERR_ABORTED_LIMIT" });
    expect((await peer.answer(2)).text).toBe("hello");
  });
});

describe("Time-outs", () => {
  test("a stalled body is answered with 408, and its reader fails", async () => {
    const failed = deferred<unknown>();
    const reader = responder({
      "POST /body": ({ body }) => {
        const text = body.text();
        text.catch(failed.resolve);
        return text;
      },
    });
    const { connect } = await serveDefinitions([reader], { server: { timeouts: { body: 300 } } });
    const peer = await connect();
    upload(peer, "half");

    expect((await peer.answer(1)).status).toBe(408);
    expect(await failed.promise).toMatchObject({ code: "ERR_ABORTED_TIMEOUT" });
  });

  /** Time-outs in ms, and their subjects. */
  const strikes = {
    params: {
      sent: [begin(1)],
      server: { timeouts: { params: 1_000 } },
      hasStruck: async (peer: WebServerPeer) => (await peer.answer(1)).status === 408,
    },
    handler: {
      sent: [get(1, "/hang")],
      dispatcher: { timeouts: { handler: 1_000 } },
      hasStruck: async (peer: WebServerPeer) => (await peer.answer(1)).status === 504,
    },
    authorizer: {
      sent: [authorize(1, "/hang")],
      dispatcher: { timeouts: { authorizer: 1_000 } },
      hasStruck: async (peer: WebServerPeer) => (await peer.answer(1)).status === 504,
    },
    idle: {
      sent: [get(1, "/hello")],
      server: { timeouts: { idle: 1_000 } },
      hasStruck: async (peer: WebServerPeer) => {
        await peer.closedByApplication();
        return peer.error === undefined;
      },
    },
  };

  test.each(Object.entries(strikes))(
    "expire after their time, never before, at most a tick late: %s",
    async (_name, strike) => {
      const { sent, hasStruck, ...options } = { server: {}, dispatcher: {}, ...strike };
      // For any part of a tick that has passed.
      for (const passed of [1, 60, 124]) {
        vi.useRealTimers();
        const pass = stoppedClock();
        const { connect } = await serveDefinitions(
          [
            responder({
              "GET /hang": () => new Promise<never>(() => undefined),
              "GET /hello": () => "hello",
            }),
            {
              kind: "authorizer",
              name: "Hangs",
              paths: [],
              authorize: () => new Promise<never>(() => undefined),
            },
          ],
          options,
        );
        const peer = await connect();
        await peer.roundTrip();
        pass(passed);
        await peer.send(...sent).roundTrip();
        const records = peer.pending.length;
        pass(999);
        await peer.roundTrip();
        expect(peer.ended).toBe(false);
        expect(peer.pending).toHaveLength(records);
        pass(251);
        expect(await hasStruck(peer)).toBe(true);
      }
    },
  );

  test("a slow body that keeps arriving is not interrupted", async () => {
    const pass = stoppedClock();
    const arrived = { bytes: 0 };
    const reader = responder({
      "POST /body": async ({ body }) => {
        for await (const piece of body.stream()) arrived.bytes += piece.length;
        return String(arrived.bytes);
      },
    });
    const { connect } = await serveDefinitions([reader], { server: { timeouts: { body: 1_000 } } });
    const peer = await connect();
    upload(peer, "x");
    for (let piece = 1; piece <= 8; piece += 1) {
      await expect.poll(() => arrived.bytes).toBe(piece);
      pass(750);
      peer.send(stream(Type.stdin, 1, "x"));
    }
    peer.send(record(Type.stdin, 1));

    expect((await peer.answer(1)).text).toBe("9");
  });

  test("an ongoing upload does not count against the handler that waits for it", async () => {
    const pass = stoppedClock();
    const arrived = { bytes: 0 };
    const reader = responder({
      "POST /body": async ({ body }) => {
        for await (const piece of body.stream()) arrived.bytes += piece.length;
        return String(arrived.bytes);
      },
    });
    const { connect } = await serveDefinitions([reader], { dispatcher: { timeouts: { handler: 1_000 } } });
    const peer = await connect();
    upload(peer, Buffer.alloc(1_000));
    for (let piece = 1; piece <= 8; piece += 1) {
      await expect.poll(() => arrived.bytes).toBe(piece * 1_000);
      pass(900);
      peer.send(stream(Type.stdin, 1, Buffer.alloc(1_000)));
    }
    await expect.poll(() => arrived.bytes).toBe(9_000);
    peer.send(record(Type.stdin, 1));

    expect((await peer.answer(1)).text).toBe("9000");
  });

  test("a large upload that arrived at once gives a hanging handler at most twice its time", async () => {
    const pass = stoppedClock();
    const hanging = responder({ "POST /body": () => new Promise<never>(() => undefined) });
    const { connect } = await serveDefinitions([hanging], { dispatcher: { timeouts: { handler: 1_000 } } });
    const peer = await connect();
    upload(peer, Buffer.alloc(100_000));
    await turns();
    pass(2_001);

    expect((await peer.answer(1)).status).toBe(504);
  });

  test("a handler that does not read does not count against the body", async () => {
    const pass = stoppedClock();
    const go = deferred();
    const { connect } = await serveDefinitions(
      [responder({ "POST /body": () => go.promise.then(() => "done") })],
      {
        server: { timeouts: { body: 1_000 } },
      },
    );
    const peer = await connect();
    upload(peer, "half");
    await turns();
    pass(5_000);
    go.resolve();

    expect((await peer.answer(1)).text).toBe("done");
  });

  test("a peer that reads nothing of its answer is abandoned, and the producer stopped", async () => {
    const stopped = deferred<unknown>();
    const flood = responder({
      "GET /flood": function* ({ signal }) {
        try {
          for (;;) yield Buffer.alloc(64 * 1024);
        } finally {
          stopped.resolve(signal.reason);
        }
      },
    });
    const { server, connect, log } = await serveDefinitions([flood], { server: { timeouts: { send: 300 } } });
    const peer = await connect();
    peer.socket.pause();
    peer.send(get(1, "/flood"));
    expect(await stopped.promise).toMatchObject({ code: "ERR_ABORTED_TIMEOUT" });
    await expect.poll(() => server.openConnections).toBe(0);

    expect(log).toContainEqual(
      expect.objectContaining({ code: "ERR_ABORTED_TIMEOUT", msg: "Closed a connection" }),
    );
  });
});

describe("Many requests in one chunk", () => {
  test("do not accumulate large answers: no more are read until those are sent", async () => {
    const asked = { times: 0 };
    const large = responder({
      "GET /large": () => {
        asked.times += 1;
        return Buffer.alloc(256 * 1024);
      },
    });
    const { connect } = await serveDefinitions([large]);
    const peer = await connect();
    peer.socket.pause();
    const ids = Array.from({ length: 90 }, (_, index) => index + 1);
    peer.send(...ids.map((id) => get(id, "/large")));
    await expect.poll(() => asked.times).toBeGreaterThan(0);
    await turns(50);
    const unread = asked.times;
    peer.socket.resume();

    for (const id of ids) expect((await peer.answer(id)).body).toHaveLength(256 * 1024);
    expect(asked.times).toBe(90);
    // The state machine, this socket and the kernel each hold one or a few megabytes.
    expect(unread).toBeLessThan(60);
  });
});

describe("A half-closed peer", () => {
  test("gets a streamed answer, and a body that is read later", async () => {
    const go = deferred();
    const later = responder({
      "POST /body": async function* ({ body }) {
        yield "begun ";
        await go.promise;
        yield await body.text();
        yield " done";
      },
    });
    const { connect } = await serveDefinitions([later]);
    const peer = await connect();
    upload(peer, "whole");
    peer.send(record(Type.stdin, 1)).end();
    while (!(await peer.record()).content.includes("begun")) continue;
    await turns();
    go.resolve();

    expect((await peer.answer(1)).text).toBe("begun whole done");
  });

  test("aborts the handler's signal", async () => {
    const told = deferred<unknown>();
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          told.resolve(signal.reason);
          return "too late?";
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/hello")).end();

    expect(await told.promise).toMatchObject({ code: "ERR_ABORTED_DISCONNECT" });
    expect((await peer.answer(1)).text).toBe("too late?");
  });
});
