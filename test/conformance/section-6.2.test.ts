import { describe, expect, test } from "vitest";

import { allow, deny } from "../../src/roles/verdict.js";
import { gate } from "../support/gates.js";
import {
  Authorizer,
  Filter,
  Responder,
  Type,
  begin,
  data,
  get,
  params,
  record,
  stdin,
  variablesOf,
} from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";

const bodies = responder({
  "POST /text": ({ body }) => body.text(),
  "POST /stream": async ({ body }) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of body.stream()) pieces.push(piece);
    return Buffer.concat(pieces);
  },
  "POST /pass": ({ body }) => body.stream(),
  "POST /unread": () => "not read",
});

function request(path: string, content: string, variables: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat([
    begin(1),
    params(1, variablesOf(path, { REQUEST_METHOD: "POST", ...variables })),
    stdin(1, content),
  ]);
}

describe("Section 6.2: the responder's body and CONTENT_LENGTH", () => {
  test.each(["/text", "/stream"])(
    "%s: STDIN shorter or longer than CONTENT_LENGTH is refused with 400",
    async (path) => {
      const { connect } = await serveDefinitions([bodies]);
      const peer = await connect();
      for (const length of ["4", "6", "0", "999999999999999"]) {
        const answer = await peer.send(request(path, "12345", { CONTENT_LENGTH: length })).answer(1);
        expect([length, answer.status]).toEqual([length, length.length > 2 && path === "/text" ? 413 : 400]);
      }
      expect((await peer.send(request(path, "12345", { CONTENT_LENGTH: "5" })).answer(1)).text).toBe("12345");
    },
  );

  test.each(["/text", "/stream"])(
    "%s: the same if STDIN arrives after the handler has started",
    async (path) => {
      const { connect } = await serveDefinitions([bodies]);
      const peer = await connect();
      for (const length of ["4", "6"]) {
        peer.send(begin(1), params(1, variablesOf(path, { REQUEST_METHOD: "POST", CONTENT_LENGTH: length })));
        await peer.roundTrip();
        peer.send(record(Type.stdin, 1, "123"));
        await peer.roundTrip();
        peer.send(stdin(1, "45"));
        expect((await peer.answer(1)).status).toBe(400);
      }
    },
  );

  test.each([
    ["absent", {}],
    ["empty, as nginx and Jetty send it", { CONTENT_LENGTH: "" }],
    ["-1, as Caddy sends it", { CONTENT_LENGTH: "-1" }],
    ["wrong beside a chunked upload", { CONTENT_LENGTH: "3", HTTP_TRANSFER_ENCODING: "chunked" }],
  ])("if it is %s, the end of STDIN counts", async (_what, variables) => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();

    expect((await peer.send(request("/text", "12345", variables)).answer(1)).text).toBe("12345");
    expect((await peer.send(request("/stream", "", variables)).answer(1)).text).toBe("");
  });

  const malformed: [what: string, values: readonly string[]][] = [
    ["of 16 digits", ["1".repeat(16)]],
    ["of 20 digits", ["0".repeat(19) + "5"]],
    ["signed", ["+5"]],
    ["negative", ["-2"]],
    ["minus zero", ["-0"]],
    ["hexadecimal", ["0x5"]],
    ["with a blank behind", ["5 "]],
    ["with a blank in front", [" 5"]],
    ["a blank", [" "]],
    ["a list", ["5,5"]],
    ["with an exponent", ["1e3"]],
    ["a fraction", ["5.0"]],
    ["grouped", ["1_0"]],
    ["with a unit", ["5kB"]],
    ["in other digits", ["\u0665"]],
    ["with a NUL", ["5\0"]],
    ["text", ["NaN"]],
    ["twice and different", ["5", "6"]],
    ["twice and different in spelling", ["5", "05"]],
    ["three times, of which the outer ones agree", ["5", "6", "5"]],
    ["once empty and once not", ["", "5"]],
    ["once -1 and once not", ["5", "-1"]],
  ];

  test.each(malformed)("if it is %s, the request is a 400 before a handler runs", async (_what, values) => {
    let runs = 0;
    const note = () => `run ${(runs += 1)}`;
    const { connect } = await serveDefinitions([
      responder({
        "POST /unread": note,
        "GET /unread": note,
        "POST /read": async ({ body }) => note() + (await body.text()),
      }),
      { kind: "filter", name: "Filter", paths: ["*.txt"], filter: note },
    ]);
    const peer = await connect();
    for (const [path, method, role] of [
      ["/unread", "POST", Responder],
      ["/unread", "GET", Responder],
      ["/read", "POST", Responder],
      ["/nowhere", "POST", Responder],
      ["/a.txt", "GET", Filter],
    ] as const) {
      for (const chunked of [{}, { HTTP_TRANSFER_ENCODING: "chunked" }]) {
        const variables = variablesOf(path, { REQUEST_METHOD: method, FCGI_DATA_LENGTH: "0", ...chunked });
        const lengths = values.map((value): [string, string] => ["CONTENT_LENGTH", value]);
        peer.send(begin(1, role), params(1, [...Object.entries(variables), ...lengths]), stdin(1, "12345"));
        if (role === Filter) peer.send(data(1));
        const answer = await peer.answer(1);
        expect([answer.status, (JSON.parse(answer.text) as { code: string }).code]).toEqual([
          400,
          "ERR_CONTENT_LENGTH",
        ]);
      }
    }
    expect(runs).toBe(0);
  });

  test("if an empty one follows, as from nginx withdrawing the first, the body has no known length", async () => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();
    const variables = Object.entries(
      variablesOf("/text", { REQUEST_METHOD: "POST", CONTENT_LENGTH: "7" }),
    ).concat([["CONTENT_LENGTH", ""]]);
    expect((await peer.send(begin(1), params(1, variables), stdin(1, "12345")).answer(1)).text).toBe("12345");
  });

  test("if it is repeated with the same value, it counts", async () => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();
    const ask = (length: string) => {
      const twice = ["1", "2"].map((): [string, string] => ["CONTENT_LENGTH", length]);
      const variables = Object.entries(variablesOf("/text", { REQUEST_METHOD: "POST" }));
      return peer.send(begin(1), params(1, [...variables, ...twice]), stdin(1, "12345")).answer(1);
    };

    expect((await ask("5")).text).toBe("12345");
    expect((await ask("")).text).toBe("12345");
    expect((await ask("4")).status).toBe(400);
  });

  test.each(malformed)("if it is %s, an authorizer decides without it", async (_what, values) => {
    const gates = [
      gate(({ method }) => (method === "GET" ? allow() : deny(401)), "/members/**"),
      responder({ "GET /members/x": () => "member", "POST /members/x": () => "member" }),
    ];
    const { connect } = await serveDefinitions(gates, {
      listener: { bridges: { authorizer: { inProcess: true } } },
    });
    const peer = await connect();
    const lengths = values.map((value): [string, string] => ["CONTENT_LENGTH", value]);
    const ask = (
      method: string,
      { role = Authorizer, ...marks }: { role?: number; TRICORN_BRIDGE?: string },
    ) => {
      const variables = variablesOf("/members/x", { REQUEST_METHOD: method, ...marks });
      return peer
        .send(begin(1, role), params(1, [...Object.entries(variables), ...lengths]), stdin(1))
        .answer(1);
    };

    // In its role and through a bridge the length belongs to a request that another handler answers.
    expect((await ask("GET", {})).status).toBe(200);
    expect((await ask("POST", {})).status).toBe(401);
    const bridged = { role: Responder, TRICORN_BRIDGE: "auth_request" };
    expect((await ask("GET", bridged)).status).toBe(200);
    expect((await ask("POST", bridged)).status).toBe(401);
    // In the process it is denied before it is refused, and never answered.
    expect((await ask("GET", { role: Responder })).status).toBe(400);
    expect((await ask("POST", { role: Responder })).status).toBe(401);
  });

  test("an unread body is not compared", async () => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();

    expect((await peer.send(request("/unread", "12345", { CONTENT_LENGTH: "99" })).answer(1)).text).toBe(
      "not read",
    );
  });

  test("a body found too short while it is passed on aborts the answer", async () => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();
    peer.send(begin(1), params(1, variablesOf("/pass", { REQUEST_METHOD: "POST", CONTENT_LENGTH: "10" })));
    peer.send(record(Type.stdin, 1, "12345"));
    const { content } = await peer.record();
    expect(content.toString()).toMatch(/^Status: 200 OK/);
    peer.send(stdin(1));

    await peer.closedByApplication();
    expect(peer.unfinished(1).some(({ type }) => type === Type.end)).toBe(false);
  });

  test("HEAD, 204 and 304 have no body, even if the handler returns one", async () => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /text": () => "content",
        "GET /stream": () => ["content"].values(),
        "GET /none": () => undefined,
      }),
    ]);
    const peer = await connect();
    const head = { params: { REQUEST_METHOD: "HEAD" } };
    expect(await peer.send(get(1, "/text", head)).answer(1)).toMatchObject({ status: 200, text: "" });
    expect(await peer.send(get(1, "/stream", head)).answer(1)).toMatchObject({ status: 200, text: "" });
    expect(await peer.send(get(1, "/none", head)).answer(1)).toMatchObject({ status: 204, text: "" });
    expect(await peer.send(get(1, "/none")).answer(1)).toMatchObject({ status: 204, text: "" });
  });

  test("a status line comes first in every answer, and the header block is complete in its record", async () => {
    const { connect } = await serveDefinitions([
      bodies,
      responder({ "GET /stream": () => ["a", "b"].values() }),
    ]);
    const peer = await connect();
    for (const target of ["/stream", "/nowhere", "/text", "/%zz"]) {
      const { records, head } = await peer.send(get(1, target)).answer(1);
      expect(head).toMatch(/^Status: \d{3} /);
      expect(records[0]!.content.includes("\r\n\r\n")).toBe(true);
    }
  });

  test.each([
    "/",
    "",
    "*",
    "x",
    "//",
    "/%",
    "/%zz",
    "/%00",
    "/%ff",
    "/a%2Fb",
    "/?",
    "/#",
    "/a#b?c",
    "?x=1",
    "http://",
    "http://host",
    "http://host?x",
    "://",
    "/;x",
    "/..",
    "/../../..",
    `/${"a".repeat(20_000)}`,
    `/${"%41".repeat(5_000)}`,
    `/${"/".repeat(5_000)}`,
    "/__proto__",
    "/constructor/prototype",
    "/é中\u{1f600}",
    "/\n\r\0",
    "/:id",
    "/*",
  ])("the target %j is answered", async (target) => {
    const { connect } = await serveDefinitions([
      responder({
        "GET /": () => "root",
        "GET /:id": ({ pathParams }) => pathParams,
        "GET /:id/:other": ({ pathParams }) => pathParams,
        "GET /static/*": ({ pathParams }) => pathParams,
      }),
    ]);
    const peer = await connect();
    for (const method of ["GET", "HEAD", "OPTIONS", "POST", "", "__proto__", "constructor", "get"]) {
      const { status } = await peer.send(get(1, target, { params: { REQUEST_METHOD: method } })).answer(1);
      expect([200, 204, 400, 404, 405]).toContain(status);
    }
  });
});
