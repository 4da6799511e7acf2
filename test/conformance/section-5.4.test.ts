import { describe, expect, test } from "vitest";

import type { AbortedError } from "../../src/errors.js";
import { allow } from "../../src/roles/verdict.js";
import {
  Type,
  abort,
  authorize,
  begin,
  get,
  pairs,
  params,
  post,
  record,
  stdin,
  variablesOf,
} from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";
import type { WebServerPeer } from "../support/web-server-peer.js";

const never = () => new Promise<string>(() => undefined);

/** The connection accepts further requests, and the aborted one sends nothing more. */
async function expectUsable(peer: WebServerPeer, id = 1): Promise<void> {
  expect((await peer.send(get(id, "/hello")).answer(id)).text).toBe("hello");
  await peer.roundTrip();
  expect(peer.pending.filter((record) => record.id === id && record.type === Type.end)).toHaveLength(2);
}

describe("Section 5.4: FCGI_ABORT_REQUEST", () => {
  test.each([
    ["after BEGIN_REQUEST", [begin(1)]],
    [
      "in the middle of PARAMS",
      [begin(1), record(Type.params, 1, pairs(variablesOf("/hang")).subarray(0, 7))],
    ],
    ["after PARAMS", [begin(1), params(1, variablesOf("/hang"))]],
    ["in the middle of STDIN", [begin(1), params(1, variablesOf("/hang")), record(Type.stdin, 1, "half of")]],
    ["after STDIN", [begin(1), params(1, variablesOf("/hang")), stdin(1, "all")]],
    ["while the body is read", [begin(1), params(1, variablesOf("/read")), record(Type.stdin, 1, "half of")]],
    ["while a handler listens to its signal", [get(1, "/signal")]],
    ["while a stream has not begun", [get(1, "/silent")]],
    ["while a stream is under way", [get(1, "/endless")]],
    ["while a web stream is under way", [get(1, "/web")]],
  ])("%s ends the request soon and once", async (_when, bytes) => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": () => "hello",
        "GET /hang": never,
        "GET /read": ({ body }) => body.text(),
        "GET /signal": ({ signal }) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          ),
        "GET /silent": async function* () {
          await never();
          yield "";
        },
        "GET /endless": async function* () {
          yield "first";
          await never();
        },
        "GET /web": () =>
          new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("first")) }),
      }),
    ]);
    const peer = await connect();
    peer.send(...bytes);
    await peer.roundTrip();
    peer.send(abort(1));
    const { applicationStatus, protocolStatus } = await peer.answer(1);

    expect({ applicationStatus, protocolStatus }).toEqual({ applicationStatus: 1, protocolStatus: 0 });
    // Anything that the server still sends or repeats for the request is ignored.
    peer.send(abort(1), record(Type.stdin, 1, "rest"), stdin(1), abort(1));
    await expectUsable(peer);
  });

  test("an ABORT in the same write as its request ends it too", async () => {
    const { connect } = await serveDefinitions([
      responder({ "GET /hello": () => "hello", "POST /hang": never }),
    ]);
    const peer = await connect();
    peer.send(post(1, "/hang", "body"), abort(1));

    expect((await peer.answer(1)).applicationStatus).toBe(1);
    await expectUsable(peer);
  });

  test("after the answer it is ignored", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /hello": () => "hello" })]);
    const peer = await connect();
    peer.send(get(1, "/hello"), abort(1));

    expect((await peer.answer(1)).text).toBe("hello");
    await expectUsable(peer);
  });

  test("a handler that listens may still answer, and its answer counts", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": () => "hello",
        "GET /tidy": ({ signal }) =>
          new Promise((resolve) => signal.addEventListener("abort", () => resolve("tidied up"))),
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/tidy"));
    await peer.roundTrip();
    peer.send(abort(1));

    expect(await peer.answer(1)).toMatchObject({ text: "tidied up", applicationStatus: 0 });
    await expectUsable(peer);
  });

  test.each([
    ["listens, so that a handler has time to answer", true, "at last", 0],
    ["does not, so that it ends at once", false, "", 1],
  ])("middleware that %s", async (_what, listens, text, applicationStatus) => {
    const asked = deferred();
    const go = deferred<string>();
    const { connect } = await serveDefinitions(
      [
        responder({
          "GET /hello": () => "hello",
          "GET /slow": () => {
            asked.resolve();
            return go.promise;
          },
        }),
      ],
      {
        dispatcher: {
          middleware: [(request, next) => (listens && request.signal.aborted ? "too late" : next())],
        },
        server: { timeouts: { abortGrace: 60_000 } },
      },
    );
    const peer = await connect();
    peer.send(get(1, "/slow"));
    await asked.promise;
    peer.send(abort(1));
    await peer.roundTrip();
    go.resolve("at last");

    expect(await peer.answer(1)).toMatchObject({ text, applicationStatus });
    await expectUsable(peer);
  });

  test("a handler that listens but does not settle is abandoned after the grace period", async () => {
    const { connect } = await serveDefinitions(
      [
        responder({
          "GET /hello": () => "hello",
          "GET /deaf": ({ signal }) => {
            signal.addEventListener("abort", () => undefined);
            return never();
          },
        }),
      ],
      { server: { timeouts: { abortGrace: 1 } } },
    );
    const peer = await connect();
    peer.send(get(1, "/deaf"));
    await peer.roundTrip();
    peer.send(abort(1));

    expect((await peer.answer(1)).applicationStatus).toBe(1);
    await expectUsable(peer);
  });

  test("the signal has a reason, and later writes are dropped", async () => {
    const reason = deferred<AbortedError>();
    const late = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": () => "hello",
        "GET /late": (request) => {
          request.exchange.onAbort(reason.resolve);
          return late.promise;
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/late"));
    await peer.roundTrip();
    peer.send(abort(1));
    expect(await reason.promise).toMatchObject({ name: "AbortedError", code: "ERR_ABORTED_BY_SERVER" });
    await peer.answer(1);
    late.resolve("nobody reads this");
    await turns();
    await expectUsable(peer);
  });

  test("a body that is being read fails with the reason of the abort", async () => {
    const failed = deferred<unknown>();
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": () => "hello",
        "POST /read": async ({ body }) => {
          await body.bytes().catch(failed.resolve);
          return "never mind";
        },
      }),
    ]);
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, variablesOf("/read", { REQUEST_METHOD: "POST" })),
      record(Type.stdin, 1, "half"),
    );
    await peer.roundTrip();
    peer.send(abort(1));

    expect(await failed.promise).toMatchObject({ code: "ERR_ABORTED_BY_SERVER" });
    await peer.answer(1);
    await expectUsable(peer);
  });

  test("the generator of a stream is closed so that it can release resources", async () => {
    const closed = deferred();
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": () => "hello",
        "GET /endless": async function* () {
          try {
            for (;;) {
              yield "again ";
              await turns(1);
            }
          } finally {
            closed.resolve();
          }
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/endless"));
    await peer.received(200);
    peer.send(abort(1));

    await peer.answer(1);
    await closed.promise;
    await expectUsable(peer);
  });

  test("a stream that the peer does not read is also ended", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /hello": () => "hello",
        "GET /flood": function* () {
          for (;;) yield Buffer.alloc(16_384);
        },
      }),
    ]);
    const peer = await connect();
    peer.socket.pause();
    peer.send(get(1, "/flood"));
    await turns(200);
    peer.send(abort(1));
    await turns();
    peer.socket.resume();

    expect((await peer.answer(1)).applicationStatus).toBe(1);
    await expectUsable(peer);
  });

  test("siblings of an aborted request are not affected", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({ "GET /hang": never, "GET /later": () => reply.promise }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/hang"), get(2, "/later"), abort(1));
    expect((await peer.answer(1)).applicationStatus).toBe(1);
    reply.resolve("unharmed");

    expect((await peer.answer(2)).text).toBe("unharmed");
  });

  test.each([
    ["after BEGIN_REQUEST", [begin(1, 2)]],
    [
      "in the middle of PARAMS",
      [begin(1, 2), record(Type.params, 1, pairs(variablesOf("/x")).subarray(0, 7))],
    ],
    ["while the authorizer decides", [authorize(1, "/x")]],
    ["while one that listens decides", [authorize(1, "/signal")]],
  ])("an authorizer request is denied explicitly %s", async (_when, bytes) => {
    const { connect } = await serveDefinitions([
      responder({ "GET /hello": () => "hello" }),
      {
        kind: "authorizer",
        name: "Slow",
        paths: [],
        authorize: ({ path, signal }) =>
          new Promise((resolve) => {
            if (path === "/signal") signal.addEventListener("abort", () => resolve(allow({ USER: "late" })));
          }),
      },
    ]);
    const peer = await connect();
    peer.send(...bytes);
    await peer.roundTrip();
    peer.send(abort(1));

    const { head, status, protocolStatus } = await peer.answer(1);
    expect({ status, protocolStatus }).toEqual({ status: 503, protocolStatus: 0 });
    expect(head).toMatch(/^Status: 503/);
    expect(head).not.toMatch(/variable-/i);
    await expectUsable(peer);
  });
});
