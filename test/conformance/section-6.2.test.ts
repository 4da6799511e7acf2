import { describe, expect, test } from "vitest";

import { Type, begin, get, params, record, stdin, variablesOf } from "../support/records.js";
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
    "%s: the same when STDIN comes later than the handler runs",
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
    ["no number", { CONTENT_LENGTH: "5 " }],
    ["wrong beside a chunked upload", { CONTENT_LENGTH: "3", HTTP_TRANSFER_ENCODING: "chunked" }],
  ])("where it is %s, the end of STDIN counts", async (_what, variables) => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();

    expect((await peer.send(request("/text", "12345", variables)).answer(1)).text).toBe("12345");
    expect((await peer.send(request("/stream", "", variables)).answer(1)).text).toBe("");
  });

  test("a body that nobody reads is not compared", async () => {
    const { connect } = await serveDefinitions([bodies]);
    const peer = await connect();

    expect((await peer.send(request("/unread", "12345", { CONTENT_LENGTH: "99" })).answer(1)).text).toBe(
      "not read",
    );
  });

  test("a body found too short while it is passed on breaks the answer off", async () => {
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

  test("HEAD, 204 and 304 have no body, whatever the handler gives", async () => {
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

  test("a status line comes first in every answer, and the header block is whole in its record", async () => {
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
  ])("the target %j is answered, whatever it means", async (target) => {
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
