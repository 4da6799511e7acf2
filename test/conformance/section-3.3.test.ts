import { describe, expect, test } from "vitest";

import { Type, begin, get, params, record, stdin, variablesOf } from "../support/records.js";
import { responder, serveDefinitions, deferred } from "../support/served.js";

const hello = responder({ "GET /hello": () => "hello", "POST /echo": (request) => request.body.text() });

describe("Section 3.3: records", () => {
  test("a request of literal bytes gets literal bytes", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    const bytes = [
      // BEGIN_REQUEST, id 1, role 1, FCGI_KEEP_CONN
      [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
      // PARAMS: 11-byte name, 6-byte value; 2 bytes of padding
      [1, 4, 0, 1, 0, 19, 2, 0, 11, 6, ...Buffer.from("REQUEST_URI/hello"), 0xaa, 0xbb],
      // the end of PARAMS, the end of STDIN
      [1, 4, 0, 1, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0],
    ];
    peer.send(Buffer.from(bytes.flat()));

    const head = "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\n";
    const expected = [
      // STDOUT with the header block and the body in one record, padded to a multiple of 8
      [1, 6, 0, 1, 0, 83, 5, 0, ...Buffer.from(`${head}hello`), 0, 0, 0, 0, 0],
      // the end of STDOUT
      [1, 6, 0, 1, 0, 0, 0, 0],
      // END_REQUEST, application status 0, REQUEST_COMPLETE
      [1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ].flat();
    await peer.answer(1);
    expect(peer.bytes).toEqual(Buffer.from(expected));
  });

  test("one id on two connections at once is two requests, each with its own input and answer", async () => {
    const { connect } = await serveDefinitions([hello]);
    const [one, other] = [await connect(), await connect()];
    const head = [begin(7), params(7, variablesOf("/echo", { REQUEST_METHOD: "POST" }))];
    for (const peer of [one, other]) await peer.send(...head).roundTrip();
    await one.send(record(Type.stdin, 7, "of one")).roundTrip();
    await other.send(record(Type.stdin, 7, "of the other")).roundTrip();
    for (const peer of [other, one]) peer.send(record(Type.stdin, 7));

    expect((await one.answer(7)).text).toBe("of one");
    expect((await other.answer(7)).text).toBe("of the other");
  });

  test.each([0, 2, 255])("version %i ends the connection and is reported with its code", async (version) => {
    const { connect, log } = await serveDefinitions([hello]);
    const peer = await connect();
    const bytes = get(1, "/hello");
    bytes[0] = version;
    peer.send(bytes);

    await peer.closedByApplication();
    expect(peer.bytesRead).toBe(0);
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_VERSION" }));
  });

  test("a wrong version after a request still lets that request be answered", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    const wrong = record(Type.stdin, 2);
    wrong[0] = 9;
    peer.send(get(1, "/hello"), wrong);

    expect((await peer.answer(1)).text).toBe("hello");
    await peer.closedByApplication();
  });

  test("a protocol error refuses active requests, and the answer survives bytes that are still arriving", async () => {
    const { connect } = await serveDefinitions([
      responder({ "GET /slow": () => new Promise(() => undefined) }),
    ]);
    const peer = await connect();
    const wrong = record(Type.stdin, 2);
    wrong[0] = 9;
    peer.socket.pause();
    peer.send(get(1, "/slow"), wrong);
    await peer.upload(...Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024)));
    peer.socket.resume();

    expect((await peer.answer(1)).status).toBe(503);
    await peer.closedByApplication();
  });

  test.each([1, 2, 255, 256, 32_768, 65_535])("request id %i is served and echoed", async (id) => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();

    expect((await peer.send(get(id, "/hello")).answer(id)).text).toBe("hello");
  });

  test.each([
    ["BEGIN_REQUEST", Type.begin],
    ["ABORT_REQUEST", Type.abort],
    ["END_REQUEST", Type.end],
    ["PARAMS", Type.params],
    ["STDIN", Type.stdin],
    ["STDOUT", Type.stdout],
    ["STDERR", Type.stderr],
    ["DATA", Type.data],
  ])("%s with request id 0 is a protocol error", async (_name, type) => {
    const { connect, log } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(record(type, 0, type === Type.begin ? begin(1).subarray(8) : ""));

    await peer.closedByApplication();
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_NULL_REQUEST_ID" }));
  });

  test("records of inactive ids are ignored, before, between and after requests", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    const strays = [
      Type.params,
      Type.stdin,
      Type.data,
      Type.abort,
      Type.end,
      Type.stdout,
      Type.stderr,
    ].flatMap((type) => [record(type, 7, "stray", 3), record(type, 65_535, "")]);
    peer.send(
      ...strays,
      begin(1),
      ...strays,
      params(1, variablesOf("/hello")),
      ...strays,
      stdin(1),
      ...strays,
    );
    expect((await peer.answer(1)).text).toBe("hello");
    peer.send(...strays, get(7, "/hello"));

    expect((await peer.answer(7)).text).toBe("hello");
    expect(peer.pending.every(({ id }) => id === 1 || id === 7)).toBe(true);
  });

  test("a second BEGIN_REQUEST for an active id is a protocol error", async () => {
    const { connect, log } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(begin(1), params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/echo" }), begin(1));

    await peer.closedByApplication();
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_DUPLICATE_BEGIN" }));
  });

  test("a BEGIN_REQUEST shorter than its body is a protocol error, a longer one is read", async () => {
    const { connect, log } = await serveDefinitions([hello]);
    const short = await connect();
    short.send(record(Type.begin, 1, Buffer.from([0, 1, 1])));
    await short.closedByApplication();
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_BODY_LENGTH" }));

    const long = await connect();
    long.send(
      record(Type.begin, 1, Buffer.from([0, 1, 1, 9, 9, 9, 9, 9, 9, 9])),
      params(1, variablesOf("/hello")),
    );
    expect((await long.answer(1)).text).toBe("hello");
  });

  test("application types that are unknown, or that only applications send, are ignored", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    const odd = [0, 3, 6, 7, 9, 10, 11, 12, 100, 255].map((type) => record(type, 1, "what is this", 2));
    peer.send(begin(1), ...odd, params(1, variablesOf("/hello")), ...odd, stdin(1), ...odd);

    expect((await peer.answer(1)).text).toBe("hello");
    await peer.roundTrip();
    expect(peer.pending.filter(({ type }) => type === Type.unknownType)).toEqual([]);
  });

  test("an id is free again as soon as its END_REQUEST has been sent", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(get(3, "/hello"), get(3, "/hello"), get(3, "/hello"));

    for (let time = 0; time < 3; time += 1) expect((await peer.answer(3)).text).toBe("hello");
  });

  test("padding of every length and content is skipped", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    const [head, body] = [begin(1), Buffer.from("0123456789")];
    const all = [...body].map((byte, index) => record(Type.stdin, 1, Buffer.from([byte]), index * 28));
    peer.send(
      head,
      params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/echo" }),
      ...all,
      record(Type.stdin, 1, "", 255),
    );

    expect((await peer.answer(1)).text).toBe("0123456789");
  });

  test("records of the maximum length are read in STDIN", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    const body = "x".repeat(3 * 0xffff + 1);
    peer.send(begin(1), params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/echo" }), stdin(1, body));

    expect((await peer.answer(1)).text).toBe(body);
  });

  test("output is padded to eight bytes and cut at 65,528", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /big": () => "y".repeat(200_001) })]);
    const peer = await connect();
    const { records, text } = await peer.send(get(1, "/big")).answer(1);

    expect(text).toBe("y".repeat(200_001));
    for (const { content, padding } of records) {
      expect(content.length).toBeLessThanOrEqual(65_528);
      expect((content.length + padding.length) % 8).toBe(0);
    }
  });

  test("an active request survives a flood of records for inactive ids", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([responder({ "GET /later": () => reply.promise })]);
    const peer = await connect();
    peer.send(get(1, "/later"));
    await peer.upload(
      ...Array.from({ length: 100 }, (_, id) => record(Type.stdin, id + 2, Buffer.alloc(60_000))),
    );
    await peer.roundTrip();
    reply.resolve("still here");

    expect((await peer.answer(1)).text).toBe("still here");
  });
});
