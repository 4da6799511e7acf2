import { describe, expect, test } from "vitest";

import {
  Type,
  authorize,
  begin,
  get,
  params,
  post,
  record,
  stdin,
  stream,
  variablesOf,
} from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";
import { allow } from "../../src/roles/verdict.js";

const big = "z".repeat(300_000);
const routes = responder({
  "GET /hello": () => "hello",
  "POST /unread": () => "not read",
  "POST /big": () => big,
  "POST /echo": (request) => request.body.text({ bytes: 1e8 }),
});

describe.each(["tcp", "unix"] as const)("Sections 3.5 and 5.1 over %s: who closes the connection", (over) => {
  test("with FCGI_KEEP_CONN it stays open and is used again", async () => {
    const { connect } = await serveDefinitions([routes], { over });
    const peer = await connect();
    for (let time = 0; time < 20; time += 1) {
      expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    }

    await peer.roundTrip();
    expect(peer.ended).toBe(false);
  });

  test("flags other than FCGI_KEEP_CONN change nothing", async () => {
    const { connect } = await serveDefinitions([routes], { over });
    const peer = await connect();
    const kept = begin(1);
    kept[10] = 0xff;
    peer.send(kept, params(1, variablesOf("/hello")), stdin(1));
    await peer.answer(1);
    await peer.roundTrip();

    const closing = begin(1);
    closing[10] = 0xfe;
    peer.send(closing, params(1, variablesOf("/hello")), stdin(1));
    await peer.answer(1);
    await peer.closedByApplication();
  });

  test("without it the application closes right after END_REQUEST", async () => {
    const { connect, server } = await serveDefinitions([routes], { over });
    const peer = await connect();

    expect((await peer.send(get(1, "/hello", { keep: false })).answer(1)).text).toBe("hello");
    await peer.closedByApplication();
    peer.end();
    await peer.closed();
    await turns();
    expect(server.openConnections).toBe(0);
  });

  test("without it a request whose STDIN is never closed is still answered and half-closed", async () => {
    const { connect } = await serveDefinitions([routes], { over });
    const peer = await connect();
    peer.send(begin(1, 1, { keep: false }), params(1, variablesOf("/hello")));

    expect((await peer.answer(1)).text).toBe("hello");
    await peer.closedByApplication();
  });

  test("without it a peer that is still uploading gets the whole answer and no reset", async () => {
    const { connect, server } = await serveDefinitions([routes], { over });
    const peer = await connect();
    const upload = Buffer.alloc(60_000, 1);
    // The peer reads nothing until it has sent everything, like Caddy.
    peer.socket.pause();
    peer.send(
      begin(1, 1, { keep: false }),
      params(1, variablesOf("/big", { REQUEST_METHOD: "POST", CONTENT_LENGTH: String(200 * upload.length) })),
    );
    await peer.upload(
      ...Array.from({ length: 200 }, () => stream(Type.stdin, 1, upload)),
      record(Type.stdin, 1),
    );
    peer.socket.resume();

    expect((await peer.answer(1)).text).toBe(big);
    await peer.closedByApplication();
    peer.end();
    await peer.closed();
    expect(peer.error).toBeUndefined();
    await turns();
    expect(server.openConnections).toBe(0);
  });

  test("without it the unread bodies of several requests are all drained", async () => {
    const { connect } = await serveDefinitions([routes], { over });
    const peer = await connect();
    for (const id of [1, 2]) {
      peer.send(begin(id), params(id, variablesOf("/unread", { REQUEST_METHOD: "POST" })));
      expect((await peer.answer(id)).text).toBe("not read");
    }
    peer.send(record(Type.stdin, 2), get(3, "/hello", { keep: false }));
    expect((await peer.answer(3)).text).toBe("hello");
    await peer.closedByApplication();
    // The body of request 1 is still on its way, so the application must go on reading.
    await peer.upload(stream(Type.stdin, 1, Buffer.alloc(3_000_000)), record(Type.stdin, 1));
    peer.end();
    await peer.closed();
    expect(peer.error).toBeUndefined();
  });

  test("with it an unread body is drained and the connection used again", async () => {
    const { connect } = await serveDefinitions([routes], { over });
    const peer = await connect();
    for (let time = 0; time < 5; time += 1) {
      peer.send(
        begin(1),
        params(1, variablesOf("/unread", { REQUEST_METHOD: "POST", CONTENT_LENGTH: "2000000" })),
      );
      await peer.upload(stream(Type.stdin, 1, Buffer.alloc(2_000_000)), record(Type.stdin, 1));
      expect((await peer.answer(1)).text).toBe("not read");
    }
    expect((await peer.send(post(1, "/echo", "read")).answer(1)).text).toBe("read");
  });

  test("an id is used again although the unread body of its previous request is still arriving", async () => {
    const { connect } = await serveDefinitions([routes], { over });
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, variablesOf("/unread", { REQUEST_METHOD: "POST" })),
      record(Type.stdin, 1, "some"),
    );
    await peer.answer(1);
    // A server that saw END_REQUEST may leave out the rest of STDIN, its end included.
    peer.send(post(1, "/echo", "mine"));

    expect((await peer.answer(1)).text).toBe("mine");
  });

  test("a request without FCGI_KEEP_CONN lets the others on its connection finish first", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([routes, responder({ "GET /later": () => reply.promise })], {
      over,
    });
    const peer = await connect();
    peer.send(get(1, "/later"), get(2, "/hello", { keep: false }));
    expect((await peer.answer(2)).text).toBe("hello");
    await peer.roundTrip();
    reply.resolve("at last");

    expect((await peer.answer(1)).text).toBe("at last");
    await peer.closedByApplication();
  });

  test("a streamed answer on a connection that closes arrives whole", async () => {
    const pieces = Array.from({ length: 50 }, (_, index) => Buffer.alloc(40_000, index));
    const { connect } = await serveDefinitions([responder({ "GET /stream": () => pieces.values() })], {
      over,
    });
    const peer = await connect();

    const { body } = await peer.send(get(1, "/stream", { keep: false })).answer(1);
    expect(body.equals(Buffer.concat(pieces))).toBe(true);
    await peer.closedByApplication();
  });

  test("a reset after the answer logs nothing", async () => {
    const { connect, log } = await serveDefinitions([routes], { over });
    for (let time = 0; time < 5; time += 1) {
      const peer = await connect();
      await peer.send(get(1, "/hello")).answer(1);
      if (over === "tcp") peer.reset();
      else peer.destroy();
      await peer.closed();
    }
    const last = await connect();
    await last.send(get(1, "/hello")).answer(1);

    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test("an authorizer request without any STDIN record, as Apache sends it, is decided and closed", async () => {
    const { connect } = await serveDefinitions(
      [{ kind: "authorizer", name: "All", paths: [], authorize: () => allow() }],
      { over },
    );
    const peer = await connect();

    expect((await peer.send(authorize(1, "/x", { keep: false })).answer(1)).status).toBe(200);
    await peer.closedByApplication();
  });
});
