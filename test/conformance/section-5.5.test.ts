import { describe, expect, test } from "vitest";

import { reply } from "../../src/roles/reply.js";
import { INTERNAL_ERROR } from "../support/answer.js";
import { Type, authorize, begin, get, params, post, record, variablesOf } from "../support/records.js";
import { deferred, responder, serveDefinitions, turns } from "../support/served.js";

const never = () => new Promise<string>(() => undefined);

describe("Section 5.5: the end of a request", () => {
  test("a small answer is one STDOUT record, the end of STDOUT and END_REQUEST", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": () => ({ small: true }) })]);
    const peer = await connect();
    const { records } = await peer.send(get(1, "/")).answer(1);

    expect(records.map(({ type, content }) => [type, content.length > 0])).toEqual([
      [Type.stdout, true],
      [Type.stdout, false],
      [Type.end, true],
    ]);
  });

  test.each([
    ["text", () => "text"],
    ["nothing", () => undefined],
    ["JSON", () => ({ a: 1 })],
    ["an empty stream", () => [].values()],
    ["a stream of empty pieces", () => ["", "", Buffer.alloc(0)].values()],
    ["a stream of large pieces", () => ["x".repeat(100_000), Buffer.alloc(70_000)].values()],
    ["a large whole", () => Buffer.alloc(500_000)],
    [
      "a throw",
      () => {
        throw new Error("thrown");
      },
    ],
    ["a rejection", () => Promise.reject(new Error("rejected"))],
    ["a reply with nothing", () => reply()],
  ])("STDOUT is closed and END_REQUEST sent once for %s", async (_kind, handle) => {
    const { connect } = await serveDefinitions([responder({ "GET /": handle })]);
    const peer = await connect();
    // answer() itself checks that STDOUT is closed once, that nothing follows, and that STDERR is never empty.
    const { status } = await peer.send(get(1, "/")).answer(1);

    expect(status).not.toBeNaN();
    await peer.roundTrip();
    expect(peer.pending.filter(({ type }) => type === Type.end)).toHaveLength(1);
  });

  test("the application status of a reply is carried, up to 32 bits", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /whole": ({ query }) => reply("x", { applicationStatus: Number(query.get("status")) }),
        "GET /stream": ({ query }) =>
          reply(["x"].values(), { applicationStatus: Number(query.get("status")) }),
        "GET /large": ({ query }) =>
          reply("x".repeat(99_999), { applicationStatus: Number(query.get("status")) }),
        "HEAD /head": ({ query }) => reply("x", { applicationStatus: Number(query.get("status")) }),
      }),
    ]);
    const peer = await connect();
    for (const status of [0, 1, 255, 65_536, 0xffff_ffff]) {
      for (const path of ["/whole", "/stream", "/large"]) {
        const { applicationStatus } = await peer.send(get(1, `${path}?status=${status}`)).answer(1);
        expect(applicationStatus).toBe(status);
      }
      peer.send(get(1, `/head?status=${status}`, { params: { REQUEST_METHOD: "HEAD" } }));
      expect((await peer.answer(1)).applicationStatus).toBe(status);
    }
  });

  test("an error reaches the client as 500 and STDERR in one line without secrets", async () => {
    const { connect, log } = await serveDefinitions([
      responder({
        "GET /": ({ headers }) => {
          throw new Error(`no user for ${headers.get("authorization")}\nforged line\0`);
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/", { params: { HTTP_AUTHORIZATION: "Bearer top-secret-token" } }));
    const { status, stderr, text } = await peer.answer(1);

    expect(status).toBe(500);
    expect(text).toBe(INTERNAL_ERROR);
    expect(stderr).toMatch(/^tricorn: GET \/ failed: Error: no user for [^\n\0]*\n$/);
    expect(`${stderr}${text}${JSON.stringify(log)}`).not.toContain("top-secret-token");
  });

  test("an unimplemented role gets UNKNOWN_ROLE at once", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /hello": () => "hello" })]);
    const peer = await connect();
    for (const role of [0, 3, 4, 65_535]) {
      peer.send(begin(1, role));
      expect(await peer.answer(1)).toMatchObject({ protocolStatus: 3 });
      peer.send(params(1, variablesOf("/")), record(Type.stdin, 1));
    }
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });

  test("a role beyond the three gets UNKNOWN_ROLE in END_REQUEST alone, without STDOUT or STDERR", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /hello": () => "hello" })], {
      dispatcher: { stderr: "warnings" },
    });
    const peer = await connect();
    for (const role of [0, 9, 65_535]) {
      peer.send(begin(1, role), params(1, variablesOf("/hello")), record(Type.stdin, 1));
      const { records } = await peer.answer(1);
      expect(records.map(({ type, content }) => [type, [...content]])).toEqual([
        [Type.end, [0, 0, 0, 0, 3, 0, 0, 0]],
      ]);
    }
    // One of the three is answered for servers that ignore the protocol status.
    expect((await peer.send(begin(1, 3)).answer(1)).status).toBe(500);
  });

  test("a responder request without responders gets UNKNOWN_ROLE, and 500 for servers that ignore that", async () => {
    const { connect } = await serveDefinitions([]);
    const peer = await connect();

    expect(await peer.send(get(1, "/")).answer(1)).toMatchObject({ protocolStatus: 3, status: 500 });
  });

  test("a request above the limit of its connection gets OVERLOADED and 503", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([responder({ "GET /": () => reply.promise })], {
      server: { limits: { requestsPerConnection: 2 } },
    });
    const peer = await connect();
    peer.send(get(1, "/"), get(2, "/"), get(3, "/"));
    expect(await peer.answer(3)).toMatchObject({ protocolStatus: 2, status: 503, applicationStatus: 0 });
    reply.resolve("in time");

    expect((await peer.answer(1)).text).toBe("in time");
    expect((await peer.answer(2)).text).toBe("in time");
    expect((await peer.send(get(3, "/")).answer(3)).text).toBe("in time");
  });

  test("if the limit is one request at a time, a second gets CANT_MPX_CONN", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([responder({ "GET /": () => reply.promise })], {
      server: { limits: { requestsPerConnection: 1 } },
    });
    const peer = await connect();
    peer.send(get(1, "/"), get(2, "/"));
    expect(await peer.answer(2)).toMatchObject({ protocolStatus: 1, status: 503 });
    reply.resolve("in time");

    expect((await peer.answer(1)).text).toBe("in time");
    expect((await peer.send(get(2, "/")).answer(2)).text).toBe("in time");
  });

  test("incomplete requests count: BEGIN_REQUEST alone occupies a slot", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": () => "x" })], {
      server: { limits: { requestsPerConnection: 1 } },
    });
    const peer = await connect();
    peer.send(begin(1), get(2, "/"), params(1, variablesOf("/")));

    expect((await peer.answer(2)).protocolStatus).toBe(1);
    expect((await peer.answer(1)).text).toBe("x");
  });

  test("the limit of the whole server applies within one chunk and across connections", async () => {
    const reply = deferred<string>();
    const { connect, server } = await serveDefinitions([responder({ "GET /": () => reply.promise })], {
      server: { limits: { requests: 2 } },
    });
    const [one, other] = [await connect(), await connect()];
    one.send(get(1, "/"), get(2, "/"), get(3, "/"));
    expect((await one.answer(3)).protocolStatus).toBe(2);
    expect((await other.send(get(1, "/")).answer(1)).protocolStatus).toBe(2);
    expect(server.activeRequests).toBe(2);
    reply.resolve("in time");

    expect((await one.answer(1)).text).toBe("in time");
    expect((await other.send(get(1, "/")).answer(1)).text).toBe("in time");
    expect(server.activeRequests).toBe(0);
  });

  test("every refusal of an authorizer request is an explicit denial", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": never })], {
      server: { limits: { requestsPerConnection: 1 } },
    });
    const peer = await connect();
    peer.send(get(1, "/"), authorize(2, "/"));
    expect(await peer.answer(2)).toMatchObject({ status: 503, protocolStatus: 0 });

    const { connect: connectElsewhere } = await serveDefinitions([], { server: { limits: { requests: 0 } } });
    const elsewhere = await connectElsewhere();
    expect(await elsewhere.send(authorize(1, "/")).answer(1)).toMatchObject({
      status: 503,
      protocolStatus: 0,
    });
  });

  test("an exchange of a custom role can be ended only once", async () => {
    const { connect } = await serveDefinitions([
      {
        kind: "role",
        number: 9,
        name: "Logger",
        inputs: { stdin: true, data: false },
        async handle(exchange) {
          const pieces: Buffer[] = [];
          for await (const piece of exchange.stdin) pieces.push(piece);
          exchange.warn("");
          exchange.write("");
          exchange.write(`logged ${Buffer.concat(pieces).toString()}`);
          exchange.end({ applicationStatus: 5 });
          exchange.end();
          exchange.write("too late");
          exchange.warn("too late");
          exchange.breakOff();
          exchange.answer({ head: "", body: "x", bodyLength: 1 });
        },
      },
    ]);
    const peer = await connect();
    peer.send(begin(1, 9), params(1, {}), record(Type.stdin, 1, "a line"), record(Type.stdin, 1));

    expect(await peer.answer(1)).toMatchObject({ text: "logged a line", applicationStatus: 5, stderr: "" });
    await peer.roundTrip();
    expect(peer.pending.filter(({ type }) => type === Type.end)).toHaveLength(1);
  });

  test("a custom role that throws or rejects ends with application status 1", async () => {
    const { connect } = await serveDefinitions([
      {
        kind: "role",
        number: 9,
        name: "Broken",
        inputs: { stdin: false, data: false },
        handle(exchange) {
          if (exchange.params.has("SYNC")) throw new Error("at once");
          return Promise.reject(new Error("later"));
        },
      },
    ]);
    const peer = await connect();
    peer.send(begin(1, 9), params(1, { SYNC: "1" }), begin(2, 9), params(2, {}));

    expect(await peer.answer(1)).toMatchObject({
      applicationStatus: 1,
      stderr: expect.stringContaining("at once"),
    });
    expect(await peer.answer(2)).toMatchObject({
      applicationStatus: 1,
      stderr: expect.stringContaining("later"),
    });
  });

  test("a stream that fails alone on its connection aborts it: no END_REQUEST completes the partial answer", async () => {
    const { connect, log, server } = await serveDefinitions([
      responder({
        "GET /": async function* () {
          yield "half of ";
          await turns(2);
          throw new Error("no more");
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(1, "/"));
    await peer.closedByApplication();

    const records = peer.unfinished(1);
    const sent = (wanted: number): string =>
      Buffer.concat(records.filter(({ type }) => type === wanted).map(({ content }) => content)).toString();
    expect(sent(Type.stdout)).toMatch(/half of $/);
    expect(sent(Type.stderr)).toBe("tricorn: GET / failed: Error: no more\n");
    // Neither stream is closed.
    expect(records.every(({ type, content }) => type !== Type.end && content.length > 0)).toBe(true);
    // nginx without fastcgi_keep_conn treats the mere end of the connection as the end of the answer.
    expect(peer.brokenOff).toBe(true);
    expect(log.some(({ err }) => err?.message === "no more")).toBe(true);
    expect(server.activeRequests).toBe(0);
  });

  test("a stream that fails beside other requests ends with application status 1 and does not affect them", async () => {
    const reply = deferred<string>();
    const { connect } = await serveDefinitions([
      responder({
        "GET /later": () => reply.promise,
        "GET /": async function* () {
          yield "half of ";
          await turns(2);
          throw new Error("no more");
        },
      }),
    ]);
    const peer = await connect();
    peer.send(get(2, "/later"), get(1, "/"));
    expect(await peer.answer(1)).toMatchObject({ status: 200, text: "half of ", applicationStatus: 1 });
    reply.resolve("unharmed");

    expect((await peer.answer(2)).text).toBe("unharmed");
  });

  test("a slow handler is answered 504, an authorizer denied", async () => {
    const { connect } = await serveDefinitions(
      [
        responder({ "GET /": never }),
        { kind: "authorizer", name: "Hangs", paths: [], authorize: () => never() as never },
      ],
      { dispatcher: { timeouts: { handler: 1, authorizer: 1 } } },
    );
    const peer = await connect();
    peer.send(get(1, "/"), post(2, "/nowhere", "x"), authorize(3, "/"));

    expect((await peer.answer(1)).status).toBe(504);
    expect((await peer.answer(2)).status).toBe(404);
    expect((await peer.answer(3)).status).toBe(504);
    await peer.roundTrip();
  });

  test("PARAMS that do not end in time are refused", async () => {
    const { connect } = await serveDefinitions([responder({ "GET /": () => "x" })], {
      server: { timeouts: { params: 1 } },
    });
    const peer = await connect();
    peer.send(begin(1), begin(2, 2));

    expect((await peer.answer(1)).status).toBe(408);
    expect((await peer.answer(2)).status).toBe(408);
    expect((await peer.send(get(1, "/")).answer(1)).text).toBe("x");
  });
});
