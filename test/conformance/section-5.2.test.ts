import { describe, expect, test } from "vitest";

import { Type, begin, pairs, params, record, stdin, stream, variablesOf } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const dump = responder({
  "GET /dump": ({ params }) => [...params],
  "GET /count": ({ params }) => String(params.size),
});

describe("Section 5.2: FCGI_PARAMS", () => {
  test("pairs may be split anywhere between records", async () => {
    const { connect } = await serveDefinitions([dump]);
    const peer = await connect();
    const variables = { ...variablesOf("/dump"), EMPTY: "", LONG: "v".repeat(300), ["N".repeat(200)]: "x" };
    const block = pairs(variables);
    for (let size = 1; size <= 11; size += 2) {
      peer.send(begin(1), stream(Type.params, 1, block, size), record(Type.params, 1), stdin(1));
      expect(JSON.parse((await peer.answer(1)).text)).toEqual(Object.entries(variables));
    }
  });

  test("lengths of one and of four bytes occur in all combinations", async () => {
    const { connect } = await serveDefinitions([dump]);
    const peer = await connect();
    const [short, long] = ["n".repeat(127), "N".repeat(128)];
    const variables = {
      ...variablesOf("/dump"),
      [short]: "a".repeat(127),
      [`${short.slice(1)}x`]: "b".repeat(128),
      [long]: "c",
      [`${long}x`]: "d".repeat(70_000),
      "": "no name",
    };
    peer.send(begin(1), params(1, variables));

    expect(JSON.parse((await peer.answer(1)).text)).toEqual(Object.entries(variables));
  });

  test("a short length that is written with four bytes is accepted", async () => {
    const { connect } = await serveDefinitions([dump]);
    const peer = await connect();
    const four = Buffer.from([0x80, 0, 0, 11, 0x80, 0, 0, 5, ...Buffer.from("REQUEST_URI/dump")]);
    peer.send(begin(1), record(Type.params, 1, four), record(Type.params, 1));

    expect(JSON.parse((await peer.answer(1)).text)).toEqual([["REQUEST_URI", "/dump"]]);
  });

  test("empty params are a request for the root", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": () => "root" })]);
    const peer = await connect();
    peer.send(begin(1), record(Type.params, 1), stdin(1));

    expect((await peer.answer(1)).text).toBe("root");
  });

  test("a second end of PARAMS, as nginx sends it, is tolerated", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": ({ body }) => body.text() })]);
    const peer = await connect();
    peer.send(begin(1), record(Type.params, 1), record(Type.params, 1), stdin(1, "body"));

    expect((await peer.answer(1)).text).toBe("body");
  });

  test("PARAMS after their end are a protocol error", async () => {
    const { connect, log } = await serveDefinitions([responder({ "GET /": ({ body }) => body.text() })]);
    const peer = await connect();
    peer.send(begin(1), params(1, variablesOf("/")), record(Type.params, 1, pairs({ LATE: "1" })));

    expect((await peer.answer(1)).status).toBe(503);
    await peer.closedByApplication();
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_STREAM_CLOSED" }));
  });

  test.each([
    ["inside a length", [0x80, 0, 0]],
    ["behind a name length", [5]],
    ["inside a name", [5, 0, 65, 65]],
    ["inside a value", [1, 5, 65, 66]],
    ["far after the end", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 65]],
  ])("params that end %s get 400 and the connection stays open", async (_where, bytes) => {
    const { connect } = await serveDefinitions([dump]);
    const peer = await connect();
    peer.send(begin(1), record(Type.params, 1, Buffer.from(bytes)), record(Type.params, 1), stdin(1));

    expect((await peer.answer(1)).status).toBe(400);
    peer.send(begin(1), params(1, variablesOf("/count")));
    expect((await peer.answer(1)).status).toBe(200);
  });

  test("params above the limit in bytes get 431 at once, before they end", async () => {
    const { connect } = await serveDefinitions([dump], { server: { limits: { paramsBytes: 1000 } } });
    const peer = await connect();
    peer.send(begin(1), stream(Type.params, 1, pairs({ A: "a".repeat(994) })));
    await peer.roundTrip();
    expect(peer.pending).toHaveLength(0);
    peer.send(record(Type.params, 1, "!"));
    expect((await peer.answer(1)).status).toBe(431);

    peer.send(record(Type.params, 1, "still coming"), record(Type.params, 1), stdin(1));
    peer.send(begin(1), params(1, variablesOf("/count")));
    expect((await peer.answer(1)).status).toBe(200);
  });

  test("more params than the limit get 431", async () => {
    const { connect } = await serveDefinitions([dump], { server: { limits: { paramsCount: 5 } } });
    const peer = await connect();
    const five = { ...variablesOf("/count"), A: "", B: "" };
    peer.send(begin(1), params(1, five));
    expect((await peer.answer(1)).text).toBe("5");
    peer.send(begin(1), params(1, { ...five, C: "" }));
    expect((await peer.answer(1)).status).toBe(431);
  });

  test("values that are not UTF-8 are read as Latin-1, byte for byte", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /bytes": ({ params }) => [
          params.get("RAW"),
          params.get("TEXT"),
          params.getBytes("RAW")?.toString("hex"),
        ],
      }),
    ]);
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, [
        ["REQUEST_URI", "/bytes"],
        ["RAW", Buffer.from([0xe9, 0xff, 0x00])],
        ["TEXT", "é中"],
      ]),
    );

    expect(JSON.parse((await peer.answer(1)).text)).toEqual(["éÿ\0", "é中", "e9ff00"]);
  });

  test("names of a prototype are ordinary names", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /": ({ params }) => [
          params.get("__proto__"),
          params.get("toString"),
          params.toObject()["constructor"],
        ],
      }),
    ]);
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, [
        ["__proto__", "polluted"],
        ["REQUEST_URI", "/"],
      ]),
    );

    expect(JSON.parse((await peer.answer(1)).text)).toEqual(["polluted", null, null]);
  });
});
