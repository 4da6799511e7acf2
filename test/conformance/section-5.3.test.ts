import { describe, expect, test } from "vitest";

import { Filter, Type, begin, data, params, record, stdin, stream, variablesOf } from "../support/records.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";

const echo = responder({ "POST /echo": ({ body }) => body.text(), "GET /hello": () => "hello" });
const toEcho = params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/echo" });

describe("Section 5.3: byte streams", () => {
  test("STDIN arrives in records of any size, its end in an empty one", async () => {
    const { connect } = await serveDefinitions([echo]);
    const peer = await connect();
    const body = Array.from({ length: 3000 }, (_, index) => String(index)).join(",");
    peer.send(begin(1), toEcho, stream(Type.stdin, 1, body, 1));
    await peer.roundTrip();
    expect(peer.unfinished(1)).toEqual([]);
    peer.send(record(Type.stdin, 1));

    expect((await peer.answer(1)).text).toBe(body);
  });

  test("STDIN may arrive before the end of PARAMS", async () => {
    const { connect } = await serveDefinitions([echo]);
    const peer = await connect();
    peer.send(begin(1), stdin(1, "early"), toEcho);

    expect((await peer.answer(1)).text).toBe("early");
  });

  test("a second end of STDIN is tolerated, before and after the answer", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([echo, responder({ "POST /later": () => reply.promise })]);
    const peer = await connect();
    peer.send(begin(1), params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/later" }), stdin(1), stdin(1));
    await peer.roundTrip();
    reply.resolve("fine");
    expect((await peer.answer(1)).text).toBe("fine");
    peer.send(stdin(1));
    await peer.roundTrip();
  });

  test("STDIN after its end is a protocol error", async () => {
    const { connect, log } = await serveDefinitions([
      responder({ "POST /later": () => new Promise(() => undefined) }),
    ]);
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/later" }),
      stdin(1),
      stdin(1, "more"),
    );

    expect((await peer.answer(1)).status).toBe(503);
    await peer.closedByApplication();
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_FCGI_STREAM_CLOSED" }));
  });

  test("DATA is ignored in a role that does not use it", async () => {
    const { connect } = await serveDefinitions([echo]);
    const peer = await connect();
    peer.send(begin(1), data(1, "nobody asked"), toEcho, data(1, "again"), stdin(1, "body"), data(1));

    expect((await peer.answer(1)).text).toBe("body");
  });

  test("STDIN and DATA of a filter arrive in any order, interleaved", async () => {
    const { connect } = await serveDefinitions([
      {
        kind: "filter",
        name: "Both",
        paths: ["*"],
        async filter({ body, data: file }) {
          const pieces: Uint8Array[] = [];
          for await (const piece of file) pieces.push(piece);
          return `${Buffer.concat(pieces).toString()}+${await body.text()}`;
        },
      },
    ]);
    const peer = await connect();
    const facts = params(1, variablesOf("/file", { FCGI_DATA_LENGTH: "6" }));
    const [d, s] = [
      (text: string) => record(Type.data, 1, text),
      (text: string) => record(Type.stdin, 1, text),
    ];
    peer.send(begin(1, Filter), facts, d("ab"), s("12"), d("cd"), s("34"), s(""), d("ef"), d(""));
    expect((await peer.answer(1)).text).toBe("abcdef+1234");

    peer.send(begin(1, Filter), d("abcdef"), s("12"), facts, s("34"), d(""), s(""));
    expect((await peer.answer(1)).text).toBe("abcdef+1234");
  });
});
