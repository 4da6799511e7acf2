import { expect, test } from "vitest";

import type { Definition } from "../../../src/roles/definitions.js";
import { Filter, begin, data, params, post, stdin, variablesOf } from "../../support/records.js";
import { deferred, responder, serveDefinitions } from "../../support/served.js";

const LARGE = 600_000;

test("a filter that waits for its file receives it after an unread body", async () => {
  const copy: Definition = { kind: "filter", name: "Copy", paths: ["**"], filter: (request) => request.data };
  const { connect } = await serveDefinitions([copy]);
  const peer = await connect();
  const variables = variablesOf("/file", { REQUEST_METHOD: "POST", FCGI_DATA_LENGTH: "4" });
  await peer.upload(begin(1, Filter), params(1, variables), stdin(1, Buffer.alloc(LARGE)), data(1, "file"));
  const { status, text } = await peer.answer(1);

  expect([status, text]).toEqual([200, "file"]);
});

test("a body read after a file that arrived first is never treated as complete if it was dropped", async () => {
  const late: Definition = {
    kind: "filter",
    name: "Late",
    paths: ["**"],
    filter: async (request) => {
      for await (const _piece of request.data);
      return request.body.bytes({ bytes: LARGE });
    },
  };
  const { connect } = await serveDefinitions([late]);
  const peer = await connect();
  const variables = variablesOf("/file", { REQUEST_METHOD: "POST", FCGI_DATA_LENGTH: "4" });
  await peer.upload(begin(1, Filter), params(1, variables), stdin(1, Buffer.alloc(LARGE)), data(1, "file"));

  expect((await peer.answer(1)).status).toBe(500);
});

test("a peer that leaves is detected after a body that a stream's handler never reads", async () => {
  const left = deferred();
  const answer = responder({
    "POST /": async function* ({ signal }) {
      signal.addEventListener("abort", () => left.resolve());
      yield "begun";
      await left.promise;
    },
  });
  const { connect, server } = await serveDefinitions([answer], {
    server: { timeouts: { body: 100, halfClosed: 100 } },
  });
  const peer = await connect();
  peer.send(post(1, "/", Buffer.alloc(LARGE))).end();
  await left.promise;
  await peer.closed();

  expect(server.activeRequests).toBe(0);
});
