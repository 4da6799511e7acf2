import express from "express";
import Koa from "koa";
import multer from "multer";
import { fetchHandler, nodeListener } from "tricorn/adapters";
import { describe, expect, test } from "vitest";

import type { Definition } from "../../src/roles/definitions.js";
import { begin, params } from "../support/records.js";
import { serveDefinitions } from "../support/served.js";
import { serveHandlers } from "./support.js";

/** The params of Web servers for a body of unknown length. */
const unknown: readonly (readonly [string, Record<string, string>])[] = [
  ["nothing (Apache)", {}],
  ["an empty length (Jetty, nginx over HTTP/2)", { CONTENT_LENGTH: "" }],
  ["a length of -1 (Caddy)", { CONTENT_LENGTH: "-1" }],
  ["an empty length and chunks (nginx)", { CONTENT_LENGTH: "", HTTP_TRANSFER_ENCODING: "chunked" }],
];

async function* piecesOf(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

/** The text that is answered to a streamed upload. */
async function answerTo(
  definition: Definition,
  upload: {
    readonly type: string;
    readonly pieces: readonly string[];
    readonly params: Record<string, string>;
  },
): Promise<string> {
  const { visit } = await serveHandlers(definition);
  const answer = await visit("/", {
    method: "POST",
    stdin: piecesOf(...upload.pieces),
    params: { CONTENT_TYPE: upload.type, ...upload.params },
  });
  return answer.text;
}

describe.each(unknown)("A body for which the Web server sends %s", (_name, told) => {
  const json = { type: "application/json", pieces: ['{"a"', ":1}"], params: told };

  test("is read by Express", async () => {
    const app = express().post("/", express.json(), (request, response) => {
      response.json({ body: request.body as unknown, te: request.headers["transfer-encoding"] });
    });
    expect(JSON.parse(await answerTo(nodeListener(app), json))).toEqual({ body: { a: 1 }, te: "chunked" });
  });

  test("is read by Koa", async () => {
    const app = new Koa();
    app.use(async (context) => {
      const pieces: Buffer[] = [];
      if (context.is("json") !== null)
        for await (const piece of context.req as AsyncIterable<Buffer>) pieces.push(piece);
      context.body = Buffer.concat(pieces).toString();
    });
    expect(await answerTo(nodeListener(app.callback()), json)).toBe('{"a":1}');
  });

  test("is read by multer", async () => {
    const app = express().post("/", multer().single("file"), (request, response) => {
      response.json({ name: request.file?.originalname, size: request.file?.size });
    });
    const form =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n';
    const upload = { type: "multipart/form-data; boundary=b", pieces: [form], params: told };
    expect(JSON.parse(await answerTo(nodeListener(app), upload))).toEqual({ name: "a.txt", size: 5 });
  });

  test("is a stream to a fetch handler, announced as chunked", async () => {
    const handler = fetchHandler(async (request) =>
      Response.json({ text: await request.text(), te: request.headers.get("transfer-encoding") }),
    );
    expect(JSON.parse(await answerTo(handler, json))).toEqual({ text: '{"a":1}', te: "chunked" });
  });
});

test.each([
  ["GET", { CONTENT_LENGTH: "" }, [null, false]],
  ["HEAD", { CONTENT_LENGTH: "" }, [null, false]],
  ["GET", {}, [null, false]],
  ["GET", { CONTENT_LENGTH: "", HTTP_TRANSFER_ENCODING: "chunked" }, ["chunked", true]],
  ["GET", { CONTENT_LENGTH: "-1" }, ["chunked", true]],
  ["POST", { CONTENT_LENGTH: "0" }, [null, false]],
  ["DELETE", { CONTENT_LENGTH: "" }, [null, false]],
  ["OPTIONS", {}, [null, false]],
])("with %s announced as %o and an empty STDIN announces %o", async (method, told, expected) => {
  let seen: unknown;
  const { visit } = await serveHandlers(
    nodeListener((request, response) => {
      const { headers, rawHeaders } = request;
      seen = [headers["transfer-encoding"] ?? null, rawHeaders.includes("chunked")];
      response.end();
    }),
  );
  await visit("/", { method, params: told });
  expect(seen).toEqual(expected);
});

test("a request without a length is answered before its body arrives", async () => {
  const { connect } = await serveDefinitions([
    nodeListener((request, response) => response.end(request.headers["transfer-encoding"])),
  ]);
  const peer = await connect();
  peer.send(begin(1), params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/" }));
  expect((await peer.answer(1)).text).toContain("chunked");
});
