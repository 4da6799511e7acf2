import { describe, expect, test } from "vitest";

import { Type, begin, get, pairs, params, record, stdin, variablesOf } from "../support/records.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";
import { decodeNameValuePairs } from "../../src/protocol/name-value.js";

const hello = responder({ "GET /hello": () => "hello" });

function ask(...names: readonly string[]): Buffer {
  return record(Type.getValues, 0, pairs(names.map((name) => [name, ""] as const)));
}

describe("Section 4.1: FCGI_GET_VALUES", () => {
  test("is answered in literal bytes with the requested names", async () => {
    const { connect } = await serveDefinitions([hello], { server: { limits: { requestsPerConnection: 7 } } });
    const peer = await connect();
    peer.send(
      // GET_VALUES, id 0, 17 bytes of content: FCGI_MAX_REQS with an empty value
      Buffer.from([1, 9, 0, 0, 0, 15, 0, 0, 13, 0, ...Buffer.from("FCGI_MAX_REQS")]),
    );

    expect(await peer.record()).toEqual({
      type: Type.getValuesResult,
      id: 0,
      content: Buffer.from([13, 1, ...Buffer.from("FCGI_MAX_REQS7")]),
      padding: Buffer.from([]),
    });
  });

  test("reports the enforced limits", async () => {
    // FCGI_MAX_REQS is the smaller of the two numbers.
    for (const [requests, requestsPerConnection] of [
      [34, 56],
      [56, 34],
    ] as const) {
      const limits = { connections: 12, requests, requestsPerConnection };
      const { connect } = await serveDefinitions([hello], { server: { limits } });
      const peer = await connect();
      peer.send(ask("FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"));

      expect(Object.fromEntries(decodeNameValuePairs((await peer.record()).content))).toEqual({
        FCGI_MAX_CONNS: "12",
        FCGI_MAX_REQS: "34",
        FCGI_MPXS_CONNS: "1",
      });
    }
  });

  test("reports no multiplexing if the limit is one request at a time", async () => {
    const { connect } = await serveDefinitions([hello], { server: { limits: { requestsPerConnection: 1 } } });
    const peer = await connect();
    peer.send(ask("FCGI_MPXS_CONNS"));

    expect(decodeNameValuePairs((await peer.record()).content)).toEqual([["FCGI_MPXS_CONNS", "0"]]);
  });

  test("answers repeated names once, omits unknown names, and answers no names with an empty record", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(
      ask(
        "FCGI_MPXS_CONNS",
        "FCGI_UNHEARD_OF",
        "FCGI_MPXS_CONNS",
        "",
        "__proto__",
        "toString",
        "fcgi_max_reqs",
      ),
      ask("X"),
      ask(),
    );

    expect(decodeNameValuePairs((await peer.record()).content)).toEqual([["FCGI_MPXS_CONNS", "1"]]);
    expect((await peer.record()).content).toHaveLength(0);
    expect((await peer.record()).content).toHaveLength(0);
  });

  test("ignores the values in the request", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(record(Type.getValues, 0, pairs({ FCGI_MPXS_CONNS: "x".repeat(500) }), 7));

    expect(decodeNameValuePairs((await peer.record()).content)).toEqual([["FCGI_MPXS_CONNS", "1"]]);
  });

  test("is answered at any time, also during a request", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([responder({ "GET /later": () => reply.promise })]);
    const peer = await connect();
    const block = pairs(variablesOf("/later"));
    peer.send(begin(1));
    await peer.roundTrip();
    peer.send(record(Type.params, 1, block.subarray(0, 9)));
    await peer.roundTrip();
    peer.send(record(Type.params, 1, block.subarray(9)), record(Type.params, 1));
    await peer.roundTrip();
    peer.send(stdin(1));
    await peer.roundTrip();
    reply.resolve("done");
    expect((await peer.answer(1)).text).toBe("done");
    await peer.roundTrip();
  });

  test("a truncated request is a protocol error", async () => {
    const { connect, log } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(record(Type.getValues, 0, Buffer.from([200, 0, 0, 0, 1])));

    await peer.closedByApplication();
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_NAME_VALUE" }));
  });
});

describe("Section 4.2: FCGI_UNKNOWN_TYPE", () => {
  test.each([0, 12, 13, 100, 255])("echoes management type %i", async (type) => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(record(type, 0, "whatever", 5));

    const { content, ...header } = await peer.record();
    expect(header).toMatchObject({ type: Type.unknownType, id: 0 });
    expect([...content]).toEqual([type, 0, 0, 0, 0, 0, 0, 0]);
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });

  test("is sent during a request as well", async () => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(begin(1), record(99, 0), params(1, variablesOf("/hello")), stdin(1));

    expect((await peer.record()).content[0]).toBe(99);
    expect((await peer.answer(1)).text).toBe("hello");
  });

  test.each([
    ["GET_VALUES_RESULT", Type.getValuesResult],
    ["UNKNOWN_TYPE", Type.unknownType],
  ])("%s from a Web server is ignored", async (_name, type) => {
    const { connect } = await serveDefinitions([hello]);
    const peer = await connect();
    peer.send(record(type, 0, Buffer.alloc(8)));

    await peer.roundTrip();
    expect(peer.pending).toEqual([]);
  });
});
