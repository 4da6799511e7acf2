import { truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reply, type Definition, type FilterRequest } from "tricorn";

import { INTERNAL_ERROR } from "../../support/answer.js";
import { folderWith, openFilesBelow } from "../../support/folders.js";
import { KeptChunks } from "../../support/kept-chunks.js";
import { abort, begin, get, params, post, stdin, variablesOf } from "../../support/records.js";
import { deferred, turns } from "../../support/served.js";
import type { WebServerPeer } from "../../support/web-server-peer.js";
import { bridgedOn, filtering, steps, upperCase } from "../support.js";

const MEBIBYTE = 1024 * 1024;
/** So much is in flight at the most: output, buffers of both sockets, and the pieces of a few steps. */
const IN_FLIGHT = 12 * MEBIBYTE;
const PIECE = 64 * 1024;

async function* asItIs({ data }: FilterRequest): AsyncGenerator<Uint8Array> {
  yield* data;
}

async function stage(definitions: readonly Definition[], content: string | Uint8Array, handler?: number) {
  const root = folderWith({ "a.txt": content });
  const { taken, fileSystem } = steps();
  const timeouts = handler === undefined ? {} : { timeouts: { handler } };
  const { connect, log } = await bridgedOn(fileSystem, definitions, { root, ...timeouts });
  return {
    root,
    connect,
    log,
    path: join(root, "a.txt"),
    reads: () => taken.filter((step) => step === "read").length,
    allClosed: () => expect.poll(() => openFilesBelow(root)).toEqual([]),
  };
}

describe("the file of a filter", () => {
  test.each([0, 1, PIECE, PIECE + 1, 5 * MEBIBYTE])("of %d bytes arrives whole", async (length) => {
    const content = Buffer.alloc(length, "0123456789");
    const { connect, allClosed } = await stage([filtering(asItIs)], content);
    const answer = await (await connect()).send(get(1, "/a.txt")).answer(1);
    expect(answer.status).toBe(200);
    expect(answer.body.equals(content)).toBe(true);
    await allClosed();
  });

  test("comes in chunks that keep their content after the request, and share no memory", async () => {
    const kept = new KeptChunks();
    const content = Buffer.alloc(3 * PIECE + 1, "0123456789");
    const keeping = filtering(({ data }: FilterRequest) => kept.of(data));
    const { connect } = await stage([keeping], content);
    const peer = await connect();
    for (const id of [1, 2])
      expect((await peer.send(get(id, "/a.txt")).answer(id)).body.equals(content)).toBe(true);
    expect(kept.check()).toBe(8);
  });

  test("is read no faster than its answer is consumed", async () => {
    const length = 64 * MEBIBYTE;
    const { connect, reads, allClosed } = await stage([filtering(asItIs)], Buffer.alloc(length));
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await peer.received(1);
    peer.socket.pause();
    // It reads until all buffers are full, and then stops.
    let before = -1;
    while (before !== reads()) {
      before = reads();
      await turns(1000);
    }
    expect(before * PIECE).toBeLessThan(IN_FLIGHT);
    peer.socket.resume();
    expect((await peer.answer(1)).body.length).toBe(length);
    await allClosed();
  });

  test("is read no faster than the filter reads it", async () => {
    const { promise, resolve } = deferred();
    const slow = filtering(async function* ({ data }: FilterRequest) {
      const reader = data.getReader();
      yield (await reader.read()).value!;
      await promise;
      yield (await reader.read()).value!;
    });
    const { connect, reads } = await stage([slow], Buffer.alloc(5 * MEBIBYTE));
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await peer.received(PIECE);
    await peer.roundTrip();
    expect(reads()).toBe(1);
    resolve();
    expect((await peer.answer(1)).body.length).toBe(2 * PIECE);
    expect(reads()).toBe(2);
  });

  test.each<[string, number, (request: FilterRequest) => unknown]>([
    ["answers without it", 200, () => "text"],
    ["answers 304", 304, () => reply(undefined, { status: 304 })],
    ["throws", 500, () => Promise.reject(new Error("broken"))],
    ["only looks at the stream", 200, ({ data }) => `${data.locked}`],
    ["cancels it", 200, ({ data }) => data.cancel().then(() => "cancelled")],
  ])("is not read if the filter %s, and is closed", async (_what, status, run) => {
    const { connect, reads, allClosed } = await stage([filtering(run)], "hello");
    expect((await (await connect()).send(get(1, "/a.txt")).answer(1)).status).toBe(status);
    expect(reads()).toBe(0);
    await allClosed();
  });

  test("is not read for HEAD if its answer is a stream", async () => {
    const { connect, reads, allClosed } = await stage([filtering(asItIs)], "hello");
    const answer = await (
      await connect()
    )
      .send(get(1, "/a.txt", { params: { REQUEST_METHOD: "HEAD" } }))
      .answer(1);
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(reads()).toBe(0);
    await allClosed();
  });

  test("is closed if the filter stops in the middle", async () => {
    const start = filtering(async ({ data }) => {
      for await (const piece of data) return Buffer.from(piece.subarray(0, 5)).toString();
      return "";
    });
    const { connect, reads, allClosed } = await stage([start], Buffer.alloc(MEBIBYTE, "hello"));
    expect((await (await connect()).send(get(1, "/a.txt")).answer(1)).text).toBe("hello");
    expect(reads()).toBe(1);
    await allClosed();
  });

  test.each<[string, (peer: WebServerPeer) => void]>([
    ["the Web server closes the connection", (peer) => peer.reset()],
    ["the Web server aborts the request", (peer) => peer.send(abort(1))],
  ])("is closed when %s, and cannot be read any further", async (_what, leave) => {
    const entered = deferred();
    const failed = deferred<unknown>();
    const waiting = filtering(async ({ data, signal }) => {
      const reader = data.getReader();
      await reader.read();
      entered.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await reader.read().catch(failed.resolve);
      return "late";
    });
    const { root, connect, allClosed } = await stage([waiting], Buffer.alloc(MEBIBYTE));
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await entered.promise;
    expect(openFilesBelow(root)).toEqual(["a.txt"]);
    leave(peer);
    await allClosed();
    expect(await failed.promise).toMatchObject({ name: "AbortedError" });
  });

  test("is closed when the client leaves while it is streamed", async () => {
    const { root, connect, allClosed } = await stage([filtering(asItIs)], Buffer.alloc(64 * MEBIBYTE));
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await peer.received(MEBIBYTE);
    expect(openFilesBelow(root)).toEqual(["a.txt"]);
    peer.reset();
    await allClosed();
  });

  test("is closed when the filter takes too long, and can no longer be read", async () => {
    const failed = deferred<unknown>();
    const { promise, resolve } = deferred();
    const hanging = filtering(async ({ data }) => {
      await promise;
      await data.getReader().read().catch(failed.resolve);
      return "late";
    });
    const { connect, allClosed } = await stage([hanging], "hello", 100);
    expect((await (await connect()).send(get(1, "/a.txt")).answer(1)).status).toBe(504);
    await allClosed();
    resolve();
    expect(await failed.promise).toMatchObject({ name: "AbortedError" });
  });

  test("is closed for a filter that keeps reading after it has answered", async () => {
    const failed = deferred<unknown>();
    const { promise, resolve } = deferred();
    const late = filtering(({ data }) => {
      void promise.then(() => data.getReader().read()).catch(failed.resolve);
      return "early";
    });
    const { connect, allClosed } = await stage([late], "hello");
    expect((await (await connect()).send(get(1, "/a.txt")).answer(1)).text).toBe("early");
    await allClosed();
    resolve();
    expect(await failed.promise).toMatchObject({
      message: "Cannot read file: the request was answered without it",
    });
  });

  test("arrives beside the body of the request, which is read separately", async () => {
    const both = filtering(async function* ({ data, body }: FilterRequest) {
      for await (const piece of body.stream()) yield piece;
      yield "|";
      yield* data;
    });
    const { connect, allClosed } = await stage([both], "file");
    expect((await (await connect()).send(post(1, "/a.txt", "posted")).answer(1)).text).toBe("posted|file");
    await allClosed();
  });

  test("is answered before an unread body has arrived", async () => {
    const { connect, allClosed } = await stage([filtering(upperCase)], "file");
    const peer = await connect();
    const variables = variablesOf("/a.txt", { REQUEST_METHOD: "POST", CONTENT_LENGTH: "1000000" });
    peer.send(begin(1), params(1, variables));
    expect((await peer.answer(1)).text).toBe("FILE");
    await peer.upload(stdin(1, Buffer.alloc(1_000_000)));
    expect((await peer.send(get(1, "/a.txt")).answer(1)).text).toBe("FILE");
    await allClosed();
  });
});

describe("a file that shrinks while it is read", () => {
  test("is a 500 if the answer has not begun, and is reported only in the log", async () => {
    const entered = deferred();
    const { promise, resolve } = deferred();
    const whole = filtering(async (request) => {
      const reader = request.data.getReader();
      await reader.read();
      entered.resolve();
      await promise;
      for (;;) if ((await reader.read()).done) return "short";
    });
    const { connect, path, log, allClosed } = await stage([whole], Buffer.alloc(MEBIBYTE));
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await entered.promise;
    truncateSync(path, 100_000);
    resolve();
    const answer = await peer.answer(1);
    expect([answer.status, answer.text]).toEqual([500, INTERNAL_ERROR]);
    expect(log).toContainEqual(
      expect.objectContaining({ err: expect.objectContaining({ code: "ERR_FILE_CHANGED" }) as object }),
    );
    await allClosed();
  });

  test("aborts the answer if it has begun", async () => {
    const { connect, path, allClosed } = await stage([filtering(asItIs)], Buffer.alloc(64 * MEBIBYTE));
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await peer.received(MEBIBYTE);
    peer.socket.pause();
    truncateSync(path, 10);
    peer.socket.resume();
    await peer.closedByApplication();
    expect(peer.brokenOff).toBe(true);
    expect(peer.unfinished(1).length).toBeGreaterThan(0);
    await allClosed();
  });

  test("is harmless if it only loses its name", async () => {
    const { promise, resolve } = deferred();
    const entered = deferred();
    const late = filtering(async (request) => {
      entered.resolve();
      await promise;
      return upperCase(request);
    });
    const { connect, path } = await stage([late], "whole");
    const peer = await connect();
    peer.send(get(1, "/a.txt"));
    await entered.promise;
    unlinkSync(path);
    resolve();
    expect((await peer.answer(1)).text).toBe("WHOLE");
  });
});

test("No descriptor remains after hundreds of requests that end in every way", async () => {
  const ways = filtering(async (request) => {
    switch (request.query.get("way")) {
      case "whole":
        return upperCase(request);
      case "stream":
        return asItIs(request);
      case "none":
        return "text";
      case "throw":
        throw new Error("broken");
      default:
        return request.notModified() ? reply(undefined, { status: 304 }) : "x";
    }
  });
  const { connect, allClosed } = await stage([ways], "x".repeat(100_000));
  const peer = await connect();
  for (let round = 0; round < 50; round += 1) {
    const targets = ["whole", "stream", "none", "throw", ""].map((way) => `/a.txt?way=${way}`);
    targets.forEach((target, index) => peer.send(get(index + 1, target)));
    await Promise.all(targets.map((_, index) => peer.answer(index + 1)));
  }
  await allClosed();
});
