import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { expect, it } from "vitest";

import { reply } from "../../src/roles/reply.js";
import { get } from "../support/records.js";
import { deferred, responder, serveDefinitions, temporaryFolder } from "../support/served.js";

async function served(handle: () => unknown, method = "GET") {
  const { connect } = await serveDefinitions([responder({ "GET /": handle })]);
  const peer = await connect();
  peer.send(get(1, "/", { params: { REQUEST_METHOD: method } }));
  return { peer, answer: await peer.answer(1) };
}

it("survives a HEAD answered with a file that cannot be opened", async () => {
  // Vitest fails the run if the stream's error is not caught.
  const path = join(temporaryFolder(), "missing");
  const closed = deferred();
  const { answer } = await served(() => createReadStream(path).once("close", closed.resolve), "HEAD");
  await closed.promise;
  expect(answer.body).toHaveLength(0);
});

it("survives a stream that fails after it was cancelled", async () => {
  const stream = new Readable({
    read() {},
    destroy: (_error, callback) => callback(new Error("the disk is gone")),
  });
  const closed = new Promise((resolve) => stream.once("close", resolve));
  const { answer } = await served(() => reply(stream, { status: 204 }));
  await closed;
  expect(answer.status).toBe(204);
});

it("cancels a stream whose reply cannot be sent", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "content");
  const stream = createReadStream(path);
  const { answer } = await served(() => reply(stream, { headers: { "Content-Length": "many" } }));
  expect(answer.status).toBe(500);
  expect(stream.destroyed).toBe(true);
});

it("cancels the body of a Response whose fields cannot be sent", async () => {
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const { answer } = await served(() => new Response(body, { headers: { Status: "200" } }));
  expect(answer.status).toBe(500);
  expect(cancelled).toBe(true);
});

it("drops the connection's fields of a Response that was fetched", async () => {
  const headers = { "Transfer-Encoding": "chunked", Connection: "keep-alive", "X-Kept": "yes" };
  const { answer } = await served(() => new Response("hello", { headers }));
  expect(answer.status).toBe(200);
  expect(answer.header("x-kept")).toBe("yes");
  expect(answer.header("transfer-encoding")).toBeUndefined();
});

/** An object with its own then, like query builders. */
function thenable(
  then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void,
): object {
  // oxlint-disable-next-line unicorn/no-thenable -- this is under test
  return Object.defineProperty({}, "then", { value: then });
}

it("answers for a thenable that rejects although its then returns nothing", async () => {
  const { answer } = await served(() =>
    thenable((_resolve, reject: ((error: unknown) => void) | undefined) => reject?.(new Error("no"))),
  );
  expect(answer.status).toBe(500);
});

it("answers once for a thenable that resolves twice", async () => {
  const second = new PassThrough();
  const { peer, answer } = await served(() =>
    thenable((resolve) => {
      resolve("first");
      resolve(second);
    }),
  );
  expect(answer.text).toBe("first");
  await peer.roundTrip();
  expect(second.destroyed).toBe(false);
  expect(second.listenerCount("error")).toBe(0);
});
