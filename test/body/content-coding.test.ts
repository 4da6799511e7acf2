import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import { fetchHandler } from "../../src/adapters/fetch-handler.js";
import { nodeListener } from "../../src/adapters/node-listener.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { begin, params, stdin, variablesOf } from "../support/records.js";
import { responder, serveDefinitions } from "../support/served.js";
import { formType } from "./body-input.js";

const content = gzipSync('{"a":1}');

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const understood: [name: string, read: (request: ResponderRequest) => unknown, type: string][] = [
  ["text", ({ body }) => body.text(), "text/plain"],
  ["JSON", ({ body }) => body.json(), "application/json"],
  ["a form", ({ body }) => body.form(), "application/x-www-form-urlencoded"],
  [
    "multipart",
    async ({ body }) => {
      for await (const part of body.multipart()) return part.name;
      return "none";
    },
    formType,
  ],
];

async function ask(handle: (request: ResponderRequest) => unknown, codings: readonly string[], type: string) {
  const { connect } = await serveDefinitions([
    responder({ "POST /": handle }),
    fetchHandler(async (request) => new Response(await request.arrayBuffer()), { path: "/fetch" }),
    nodeListener((request, response) => void request.pipe(response), { path: "/node" }),
  ]);
  const peer = await connect();
  const fields = codings.map((coding): [string, string] => ["HTTP_CONTENT_ENCODING", coding]);
  return (path = "/") => {
    const variables = variablesOf(path, { REQUEST_METHOD: "POST", CONTENT_TYPE: type });
    return peer
      .send(begin(1), params(1, [...Object.entries(variables), ...fields]), stdin(1, content))
      .answer(1);
  };
}

describe("A body with a Content-Encoding", () => {
  describe.each(understood)("read as %s", (_what, read, type) => {
    test.each([
      [["gzip"]],
      [["GZIP"]],
      [["br, identity"]],
      [["identity", "deflate"]],
      [["aes128gcm"]],
      [["identity;q=1"]],
    ])("is refused with 415 and the accepted codings: %j", async (codings) => {
      const answer = await (await ask(read, codings, type))();

      expect([answer.status, answer.header("Accept-Encoding")]).toEqual([415, "identity"]);
      expect(JSON.parse(answer.text)).toMatchObject({ code: "ERR_BODY_CODING" });
    });

    test.each([[[]], [[""]], [["identity"]], [[" Identity , "]], [["identity", "identity"]]])(
      "is read if the coding is empty or identity: %j",
      async (codings) => {
        const answer = await (await ask(read, codings, type))();

        // The gzip bytes are invalid without their coding, so they are refused as such.
        expect(JSON.parse(answer.text)).not.toMatchObject({ code: "ERR_BODY_CODING" });
        expect(answer.status).not.toBe(415);
      },
    );
  });

  test.each<[string, (request: ResponderRequest) => unknown]>([
    ["bytes", ({ body }) => body.bytes()],
    ["pieces", async ({ body }) => collected(body.pieces())],
    ["a stream", async ({ body }) => collected(body.stream())],
  ])("is passed through as %s, and to adapted applications", async (_what, read) => {
    const visit = await ask(read, ["gzip"], "application/json");

    for (const path of ["/", "/fetch", "/node"]) expect((await visit(path)).body).toEqual(content);
  });
});
