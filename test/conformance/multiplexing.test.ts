import { describe, expect, test } from "vitest";

import {
  Filter,
  Type,
  begin,
  filter,
  get,
  params,
  post,
  record,
  stream,
  variablesOf,
} from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";
import type { WebServerPeer } from "../support/web-server-peer.js";

/** Waits until a number does not change any more while the application has had many turns. */
async function settled(count: () => number): Promise<number> {
  for (let last = -1; ;) {
    const now = count();
    if (now === last) return now;
    last = now;
    await turns(200);
  }
}

const MiB = 1024 * 1024;

describe("Multiplexing", () => {
  test("32 requests of different speeds, interleaved in both directions, each get the right answer", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "POST /echo/:turns": async function* ({ body, pathParams }) {
          for await (const piece of body.stream()) {
            await turns(Number(pathParams["turns"]));
            yield piece;
          }
        },
      }),
    ]);
    const peer = await connect();
    const ids = Array.from({ length: 32 }, (_, index) => index * 2000 + 1);
    for (const id of ids) {
      peer.send(begin(id), params(id, variablesOf(`/echo/${id % 7}`, { REQUEST_METHOD: "POST" })));
    }
    for (let round = 0; round < 20; round += 1) {
      peer.send(...ids.map((id) => record(Type.stdin, id, `${id}:${round};`, round)));
      await turns(2);
    }
    peer.send(...ids.toReversed().map((id) => record(Type.stdin, id)));

    for (const id of ids) {
      const expected = Array.from({ length: 20 }, (_, round) => `${id}:${round};`).join("");
      expect((await peer.answer(id)).text).toBe(expected);
    }
  });

  test("a slow request does not delay a fast one, or the reverse", async () => {
    const slow = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({ "GET /slow": () => slow.promise, "GET /fast": () => "fast" }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/slow"));
    for (let time = 0; time < 50; time += 1) {
      expect((await peer.send(get(2, "/fast")).answer(2)).text).toBe("fast");
    }
    slow.resolve("slow");

    expect((await peer.answer(1)).text).toBe("slow");
  });

  test("a stream that never pauses does not starve others, on its connection and elsewhere", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /flood": function* () {
          for (;;) yield Buffer.alloc(60_000);
        },
        "GET /fast": () => "fast",
      }),
    ]);
    const [flooded, other] = [await connect(), await connect()];
    flooded.send(get(1, "/flood"));
    await flooded.received(3 * MiB);
    expect((await flooded.send(get(2, "/fast")).answer(2)).text).toBe("fast");
    expect((await other.send(get(1, "/fast")).answer(1)).text).toBe("fast");
    flooded.destroy();
  });

  test("two endless streams share a connection evenly", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /flood": function* () {
          for (;;) yield Buffer.alloc(8_000);
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/flood"), get(2, "/flood"));
    await peer.received(8 * MiB);
    const sent = (id: number) => peer.unfinished(id).reduce((sum, { content }) => sum + content.length, 0);

    expect(sent(1) / sent(2)).toBeGreaterThan(0.5);
    expect(sent(1) / sent(2)).toBeLessThan(2);
    peer.destroy();
  });

  test("an unread response stops its producer", async () => {
    const pulled = { bytes: 0 };
    const { connect } = await serveDefinitions([
      responder({
        "GET /flood": async function* () {
          for (;;) {
            pulled.bytes += 16_384;
            yield Buffer.alloc(16_384);
          }
        },
        "GET /fast": () => "fast",
      }),
    ]);
    const peer = await connect();
    peer.socket.pause();
    peer.send(get(1, "/flood"));
    await settled(() => pulled.bytes);
    // The kernel's buffers at both ends hold some MiB before anything waits.
    expect(pulled.bytes).toBeLessThan(16 * MiB);

    const before = pulled.bytes;
    peer.socket.resume();
    await peer.received(before + 4 * MiB);
    expect(pulled.bytes).toBeGreaterThan(before);
    peer.destroy();
  });

  test("unread answers stop further management requests: a peer cannot pile them up", async () => {
    const served = { times: 0 };
    const { connect } = await serveDefinitions([
      responder({
        "GET /big": () => {
          served.times += 1;
          return "x".repeat(100_000);
        },
      }),
    ]);
    const peer = await connect();
    peer.socket.pause();
    const padding = { params: { PADDING: "x".repeat(2_000) } };
    for (let time = 0; time < 1000; time += 1) peer.send(get(1, "/big", padding));
    await settled(() => served.times);

    expect(served.times).toBeLessThan(200);
    peer.socket.resume();
    for (let time = 0; time < 1000; time += 1) expect((await peer.answer(1)).body).toHaveLength(100_000);
  });

  test("unread answers to GET_VALUES and unknown management records are bounded too", async () => {
    const { connect } = await serveDefinitions([]);
    const peer = await connect();
    peer.socket.pause();
    const flood = Buffer.concat(Array.from({ length: 8_000 }, () => record(99, 0)));
    let accepted = 0;
    const fill = async (): Promise<void> => {
      for (; accepted < 2_000; accepted += 1) await peer.upload(flood);
    };
    const filling = fill().catch(() => undefined);
    // 2,000 times 64 kB of questions would be 256 MB of answers.
    await settled(() => accepted);

    expect(accepted).toBeLessThan(500);
    peer.destroy();
    await filling;
  });

  test.each(["stdin", "data"] as const)("%s that no handler reads stops the socket", async (input) => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({ "POST /later": () => reply.promise }),
      { kind: "filter", name: "Later", paths: ["*"], filter: () => reply.promise },
    ]);
    const peer = await connect();
    const facts = { REQUEST_METHOD: "POST", FCGI_DATA_LENGTH: "1" };
    peer.send(begin(1, input === "stdin" ? 1 : Filter), params(1, variablesOf("/later", facts)));
    let accepted = 0;
    const piece = stream(Type[input], 1, Buffer.alloc(65_528));
    const upload = async (): Promise<void> => {
      for (; accepted < 1_000; accepted += 1) await peer.upload(piece);
    };
    const uploading = upload();
    await settled(() => accepted);
    expect(accepted * piece.length).toBeLessThan(16 * MiB);

    reply.resolve("done");
    expect((await peer.answer(1)).text).toBe("done");
    await uploading;
    await peer.roundTrip();
  });

  test("a slowly read body arrives no faster than that", async () => {
    const gate = deferred();
    const { connect } = await serveDefinitions([
      responder({
        "POST /slow": async ({ body }) => {
          let bytes = 0;
          for await (const piece of body.stream()) {
            bytes += piece.length;
            if (bytes > MiB) await gate.promise;
          }
          return String(bytes);
        },
      }),
    ]);
    const peer = await connect();
    peer.send(begin(1), params(1, variablesOf("/slow", { REQUEST_METHOD: "POST" })));
    let accepted = 0;
    const piece = stream(Type.stdin, 1, Buffer.alloc(65_528));
    const upload = async (): Promise<void> => {
      for (; accepted < 512; accepted += 1) await peer.upload(piece);
    };
    const uploading = upload();
    await settled(() => accepted);
    expect(accepted).toBeLessThan(256);
    gate.resolve();
    await uploading;
    peer.send(record(Type.stdin, 1));

    expect((await peer.answer(1)).text).toBe(String(512 * 65_528));
  });

  test("many unread bodies are bounded together", async () => {
    const { connect } = await serveDefinitions([
      responder({ "POST /hang": () => new Promise(() => undefined) }),
    ]);
    const peer = await connect();
    const ids = Array.from({ length: 90 }, (_, index) => index + 1);
    for (const id of ids) peer.send(begin(id), params(id, variablesOf("/hang", { REQUEST_METHOD: "POST" })));
    await peer.roundTrip();
    let accepted = 0;
    const uploading = (async () => {
      // Each stays below its own bound of 256 KiB, so only that of the connection can stop them.
      for (let round = 0; round < 15; round += 1) {
        for (const id of ids) {
          await peer.upload(record(Type.stdin, id, Buffer.alloc(16_000)));
          accepted += 16_000;
        }
      }
    })().catch(() => undefined);
    await settled(() => accepted);

    expect(accepted).toBeLessThan(16 * MiB);
    peer.destroy();
    await uploading;
  });

  test("an unread body does not block its siblings", async () => {
    const hung = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({ "POST /hang": () => hung.promise, "GET /later": async () => (await turns(50), "later") }),
    ]);
    const peer = await connect();
    peer.send(get(2, "/later"), begin(1), params(1, variablesOf("/hang", { REQUEST_METHOD: "POST" })));
    peer.send(stream(Type.stdin, 1, Buffer.alloc(4 * MiB)), record(Type.stdin, 1));

    expect((await peer.answer(2)).text).toBe("later");
    hung.resolve("done");
    expect((await peer.answer(1)).text).toBe("done");
  });

  test("a request after a body that its handler leaves unread waits until that one has ended", async () => {
    const hung = deferred<string>();
    let asked = 0;
    const { connect } = await serveDefinitions([
      responder({ "POST /hang": () => hung.promise, "GET /next": () => `asked ${(asked += 1)}` }),
    ]);
    const peer = await connect();
    peer.send(begin(1), params(1, variablesOf("/hang", { REQUEST_METHOD: "POST" })));
    peer.send(stream(Type.stdin, 1, Buffer.alloc(4 * MiB)), record(Type.stdin, 1), get(2, "/next"));
    await turns(500);
    expect(asked).toBe(0);

    hung.resolve("done");
    expect((await peer.answer(1)).text).toBe("done");
    expect((await peer.answer(2)).text).toBe("asked 1");
  });

  test("failures of all kinds do not affect siblings", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({
        "GET /throw": () => {
          throw new Error("thrown");
        },
        "GET /break": async function* () {
          yield "x";
          await turns(3);
          throw new Error("broken");
        },
        "POST /short": ({ body }) => body.text(),
        "GET /later": () => reply.promise,
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/later"), get(2, "/throw"), get(3, "/break"), begin(4, 77), filter(5, "/x", "y"));
    peer.send(begin(6), record(Type.params, 6, Buffer.from([9, 9])), record(Type.params, 6));
    peer.send(post(7, "/short", "abc", { params: { CONTENT_LENGTH: "9" } }), begin(8), record(Type.abort, 8));
    const ends = await Promise.all([2, 3, 4, 5, 6, 7, 8].map((id) => peer.answer(id)));
    expect(
      ends.map(({ status, applicationStatus, protocolStatus }) => [
        status,
        applicationStatus,
        protocolStatus,
      ]),
    ).toEqual([
      [500, 0, 0],
      [200, 1, 0],
      [Number.NaN, 0, 3],
      [500, 0, 3],
      [400, 0, 0],
      [400, 0, 0],
      [Number.NaN, 1, 0],
    ]);
    reply.resolve("unharmed");

    expect((await peer.answer(1)).text).toBe("unharmed");
  });
});

describe("Many requests", () => {
  const routes = responder({
    "GET /now/:n": ({ pathParams }) => `now ${pathParams["n"]}`,
    "GET /soon/:n": async ({ pathParams }) => (await turns(1), `soon ${pathParams["n"]}`),
    "POST /echo/:n": async ({ body }) => body.text(),
  });
  const TOTAL = 10_000;

  /** Sends request `n` with an id and checks its answer. */
  async function ask(peer: WebServerPeer, id: number, n: number): Promise<void> {
    const kind = n % 3;
    if (kind === 2) {
      const text = `body ${n} `.repeat((n % 50) + 1);
      const answer = await peer.send(post(id, `/echo/${n}`, text)).answer(id);
      if (answer.text !== text) throw new Error(`Request ${n} got ${answer.text.slice(0, 50)}.`);
      return;
    }
    const word = kind === 0 ? "now" : "soon";
    const answer = await peer.send(get(id, `/${word}/${n}`)).answer(id);
    if (answer.text !== `${word} ${n}` || answer.status !== 200)
      throw new Error(`Request ${n} got ${answer.text}.`);
  }

  test("10,000 multiplexed 32-fold on one connection are all answered correctly", async () => {
    const { connect, server } = await serveDefinitions([routes]);
    const peer = await connect();
    let next = 0;
    const worker = async (_: unknown, index: number): Promise<void> => {
      while (next < TOTAL) {
        next += 1;
        await ask(peer, 1 + index * 2047, next);
        // Checked records need not be kept.
        (peer.pending as unknown[]).length = 0;
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));

    expect(next).toBe(TOTAL);
    expect(server.activeRequests).toBe(0);
    expect(server.openConnections).toBe(1);
  });

  test("10,000 one after the other on a kept connection are all answered correctly", async () => {
    const { connect, server } = await serveDefinitions([routes]);
    const peer = await connect();
    for (let n = 0; n < TOTAL; n += 1) {
      await ask(peer, 1, n);
      (peer.pending as unknown[]).length = 0;
    }

    expect(server.activeRequests).toBe(0);
    expect(peer.ended).toBe(false);
  });

  test("1,000 connections closed after one request leak nothing", async () => {
    const { connect, server } = await serveDefinitions([routes]);
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const peer = await connect();
          expect((await peer.send(get(1, `/soon/${n}`, { keep: false })).answer(1)).text).toBe(`soon ${n}`);
          await peer.closedByApplication();
          peer.end();
          await peer.closed();
        }),
      );
    }
    await turns();
    expect(server.openConnections).toBe(0);
    expect(server.activeRequests).toBe(0);
  });
});
