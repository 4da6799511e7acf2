import { duplexPair, Readable } from "node:stream";
import { ReadableStream, type ReadableStreamDefaultController } from "node:stream/web";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { hex } from "../support/hex.js";
import { Peer } from "../support/scripted-application.js";
import { application, connect, get, hello, useScriptedApplication } from "./support.js";

useScriptedApplication();

describe("an abort", () => {
  test("sends ABORT_REQUEST on a kept connection, which stays usable (section 5.4)", async () => {
    const client = connect({ maxConnections: 1 });
    const controller = new AbortController();
    const answer = client.request({ params: [], signal: controller.signal });
    const peer = await application.accept();
    await peer.bytes(32);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(await peer.bytes(8)).toEqual(hex("01 02 00 01 00 00 00 00"));
    const next = client.request(get);
    peer.end(1);
    peer.answer(await peer.request(), hello);
    expect(await (await next).text()).toBe("hello");
    expect(application.connections).toBe(1);
  });

  test("closes a connection that is not kept alive", async () => {
    const controller = new AbortController();
    const answer = connect({ keepConnection: false }).request({ ...get, signal: controller.signal });
    const peer = await application.accept();
    await peer.request();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    await peer.closed();
  });

  test("fails the body that is being read, and drops the rest", async () => {
    const client = connect({ maxConnections: 1 });
    const controller = new AbortController();
    const answer = client.request({ ...get, signal: controller.signal });
    const peer = await application.accept();
    const id = await peer.request();
    peer.stdout(id, hello);
    const response = await answer;
    const reader = response.body.getReader();
    await reader.read();
    const reading = reader.read();
    controller.abort();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    await expect(response.ended).rejects.toMatchObject({ name: "AbortError" });
    await peer.recordOf(2);
    peer.stdout(id, "late");
    peer.stderr(id, "late");
    peer.end(id);
    const next = client.request(get);
    peer.answer(await peer.request(), hello);
    expect(await (await next).text()).toBe("hello");
  });

  test("stops the request's body and cancels its source", async () => {
    const controller = new AbortController();
    let cancelled: unknown;
    const stdin = new ReadableStream<Uint8Array>({
      pull: (sink) => sink.enqueue(Buffer.from("more")),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const answer = connect().request({ ...get, stdin, signal: controller.signal });
    const peer = await application.accept();
    await peer.recordOf(5);
    controller.abort("stop");
    await expect(answer).rejects.toBe("stop");
    await peer.recordOf(2);
    expect(cancelled).toBe("stop");
  });

  test("of one request does not affect the others on the connection", async () => {
    const client = connect({ multiplex: true, maxConnections: 1 });
    const controller = new AbortController();
    const [doomed, good] = [client.request({ ...get, signal: controller.signal }), client.request(get)];
    const peer = await application.accept();
    expect([await peer.request(), await peer.request()]).toEqual([1, 2]);
    controller.abort();
    await expect(doomed).rejects.toMatchObject({ name: "AbortError" });
    expect((await peer.recordOf(2)).id).toBe(1);
    peer.answer(2, hello);
    expect(await (await good).text()).toBe("hello");
    // Id 1 is in use until its END_REQUEST.
    const third = client.request(get);
    expect(await peer.request()).toBe(2);
    peer.answer(2, hello);
    await third;
  });

  test("abandons the connection if END_REQUEST does not arrive", async () => {
    const controller = new AbortController();
    const answer = connect({ timeouts: { abort: 5 } }).request({ ...get, signal: controller.signal });
    const peer = await application.accept();
    await peer.request();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    await peer.recordOf(2);
    await peer.closed();
  });

  test("before the request sends nothing", async () => {
    await expect(connect().request({ ...get, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(application.connections).toBe(0);
  });

  test("of a request that waits for a connection removes it, and cancels its body", async () => {
    const client = connect({ maxConnections: 1 });
    const first = client.request(get);
    const peer = await application.accept();
    const id = await peer.request();
    const controller = new AbortController();
    const stdin = Readable.from([Buffer.from("never")]);
    const waiting = client.request({ ...get, stdin, signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    expect(stdin.destroyed).toBe(true);
    const last = client.request(get);
    peer.answer(id, hello);
    await first;
    peer.answer(await peer.request(), hello);
    expect((await last).status).toBe(200);
  });

  test("follows from cancelling the body", async () => {
    const answer = connect().request(get);
    const peer = await application.accept();
    const id = await peer.request();
    peer.stdout(id, hello);
    const response = await answer;
    await response.body.cancel();
    expect((await peer.recordOf(2)).id).toBe(id);
    await expect(response.ended).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED", fault: "local" });
  });

  test("after the end changes nothing", async () => {
    const controller = new AbortController();
    const answer = connect().request({ ...get, signal: controller.signal });
    const peer = await application.accept();
    peer.answer(await peer.request(), hello);
    const response = await answer;
    await response.ended;
    controller.abort();
    expect(await response.text()).toBe("hello");
  });
});

describe("a time-out", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("ends a request that the application does not answer", async () => {
    const answer = connect({ timeouts: { response: 1000 } }).request(get);
    const failing = expect(answer).rejects.toMatchObject({ code: "ERR_CLIENT_TIMEOUT" });
    const peer = await application.accept();
    await peer.request();
    vi.advanceTimersByTime(1000);
    await failing;
    await peer.recordOf(2);
  });

  test("ends an answer that stops in the middle", async () => {
    const answer = connect({ timeouts: { response: 1000 } }).request(get);
    const peer = await application.accept();
    const id = await peer.request();
    vi.advanceTimersByTime(999);
    peer.stdout(id, hello);
    const response = await answer;
    const reader = response.body.getReader();
    await reader.read();
    const reading = expect(reader.read()).rejects.toMatchObject({ code: "ERR_CLIENT_TIMEOUT" });
    vi.advanceTimersByTime(1000);
    await reading;
  });

  test.each([
    ["the record of a header block", [1, 6, 0, 1, 0, 12, 0, 0, ...Buffer.from("Status: 200\n")]],
    ["STDERR", [1, 7, 0, 1, 0, 3, 0, 0, ...Buffer.from("why")]],
    ["padding", [1, 6, 0, 1, 0, 1, 9, 0, ...Buffer.from("S"), 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["an answer to GET_VALUES", [1, 10, 0, 0, 0, 0, 0, 0, 1, 10, 0, 0, 0, 0, 0, 0]],
  ])("restarts with each byte of %s", async (_name, bytes) => {
    const [near, far] = duplexPair();
    const client = new FastCgiClient({ connect: () => near, timeouts: { response: 1000 } });
    const peer = new Peer(far);
    const answer = client.request(get);
    const settled = vi.fn();
    answer.then(settled, settled);
    const id = await peer.request();
    for (const byte of bytes) {
      vi.advanceTimersByTime(999);
      peer.send(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    vi.advanceTimersByTime(999);
    await new Promise(setImmediate);
    expect(settled).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    await expect(answer).rejects.toMatchObject({ code: "ERR_CLIENT_TIMEOUT" });
    expect(id).toBe(1);
    client.destroy();
  });

  test("does not run while the caller's own body or reading is awaited", async () => {
    let sink!: ReadableStreamDefaultController<Uint8Array>;
    const stdin = new ReadableStream<Uint8Array>({
      start: (controller) => {
        sink = controller;
      },
    });
    const answer = connect({ timeouts: { response: 1000 } }).request({ ...get, stdin });
    const peer = await application.accept();
    const { id } = await peer.recordOf(1);
    vi.advanceTimersByTime(5000);
    sink.close();
    await peer.recordOf(5);
    peer.stdout(id, hello);
    const response = await answer;
    vi.advanceTimersByTime(5000);
    const reader = response.body.getReader();
    expect((await reader.read()).done).toBe(false);
    peer.end(id);
    expect((await reader.read()).done).toBe(true);
  });

  test("limits the whole exchange if requested, also while waiting for a connection", async () => {
    const client = connect({ maxConnections: 1 });
    const first = client.request({ ...get, timeout: 1000 });
    const second = client.request({ ...get, timeout: 1000 });
    const peer = await application.accept();
    peer.stdout(await peer.request(), hello);
    const response = await first;
    const settled = Promise.allSettled([response.text(), second]);
    vi.advanceTimersByTime(1000);
    expect(await settled).toMatchObject([
      { reason: { code: "ERR_CLIENT_TIMEOUT" } },
      { reason: { code: "ERR_CLIENT_TIMEOUT" } },
    ]);
  });

  test("of more than 24 days never expires", async () => {
    const answer = connect({ timeouts: { response: 2 ** 31, idle: 2 ** 40 } }).request({
      ...get,
      timeout: 2 ** 33,
    });
    const peer = await application.accept();
    const id = await peer.request();
    vi.advanceTimersByTime(2 ** 34);
    peer.answer(id, hello);
    expect(await (await answer).text()).toBe("hello");
  });
});

describe("close()", () => {
  test("closes idle connections and refuses later requests", async () => {
    const client = connect();
    const answer = client.request(get);
    const peer = await application.accept();
    peer.answer(await peer.request(), hello);
    await (
      await answer
    ).ended;
    await client.close();
    await peer.closed();
    await expect(client.request(get)).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED", fault: "local" });
    await expect(client.values()).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED" });
  });

  test("waits for active requests, and refuses waiting ones", async () => {
    const client = connect({ maxConnections: 1 });
    const [active, waiting] = [client.request(get), client.request(get)];
    const peer = await application.accept();
    const id = await peer.request();
    const closing = client.close();
    await expect(waiting).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED", fault: "local" });
    peer.answer(id, hello);
    expect(await (await active).text()).toBe("hello");
    await closing;
    await peer.closed();
  });

  test("is unnecessary after destroy()", async () => {
    const client = connect();
    const answer = client.request(get);
    const peer = await application.accept();
    peer.stdout(await peer.request(), hello);
    const response = await answer;
    client.destroy();
    await expect(response.text()).rejects.toMatchObject({ code: "ERR_CLIENT_CLOSED", fault: "local" });
    await peer.closed();
  });
});
