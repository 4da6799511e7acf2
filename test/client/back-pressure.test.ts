import { Duplex, Readable } from "node:stream";

import { afterEach, expect, test } from "vitest";

import { FastCgiClient } from "../../src/client/index.js";
import { encodeRecord } from "../../src/protocol/record.js";
import { Peer } from "../support/scripted-application.js";

const clients: FastCgiClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** A connection whose application reads input on demand, and counts how much of its output was read. */
class Pipe {
  readonly #held: (() => void)[] = [];
  /** Whether the application reads. */
  reading = true;
  /** Bytes that the client wrote. */
  written = 0;
  readonly client: Duplex;
  readonly application: Peer;

  constructor() {
    const back = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        this.client.push(chunk);
        done();
      },
    });
    this.client = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        this.written += chunk.length;
        back.push(chunk);
        if (this.reading) setImmediate(done);
        else this.#held.push(done);
      },
    });
    this.application = new Peer(back);
  }

  resume(): void {
    this.reading = true;
    for (const done of this.#held.splice(0)) done();
  }
}

function connect(pipe: Pipe): FastCgiClient {
  const client = new FastCgiClient({ connect: () => pipe.client, multiplex: true, maxConnections: 1 });
  clients.push(client);
  return client;
}

const get = { params: { REQUEST_METHOD: "GET" } };
const KIB = 1024;

/** Lets everything that can happen without the outside happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

test("an unread body stops the connection within a bound, and reading resumes it", async () => {
  const pipe = new Pipe();
  const answer = connect(pipe).request(get);
  const id = await pipe.application.request();
  pipe.application.stdout(id, "Status: 200\n\n");
  const response = await answer;
  const piece = encodeRecord({ type: 6, requestId: id, content: Buffer.alloc(32 * KIB, "x") });
  let sent = 0;
  for (; sent < 64; sent += 1) pipe.client.push(piece);
  await settle();
  // Unread data is still in the stream.
  expect(pipe.client.isPaused()).toBe(true);
  expect(pipe.client.readableLength).toBeGreaterThan((64 - 10) * 32 * KIB);
  pipe.application.end(id);
  expect(await response.bytes()).toHaveLength(sent * 32 * KIB);
  expect(pipe.client.isPaused()).toBe(false);
});

test("a cancelled body lets the other answers on its connection through", async () => {
  const pipe = new Pipe();
  const client = connect(pipe);
  const [unread, other] = [client.request(get), client.request(get)];
  const ids = [await pipe.application.request(), await pipe.application.request()];
  pipe.application.stdout(ids[0]!, "Status: 200\n\n");
  const response = await unread;
  for (let count = 0; count < 20; count += 1) {
    pipe.application.stdout(ids[0]!, Buffer.alloc(32 * KIB));
  }
  await settle();
  pipe.application.answer(ids[1]!, "Status: 201\n\nother");
  await settle();
  expect(pipe.client.isPaused()).toBe(true);
  await response.body.cancel();
  expect(await (await other).text()).toBe("other");
});

test("many unread answers are bounded together", async () => {
  const pipe = new Pipe();
  const client = new FastCgiClient({
    connect: () => pipe.client,
    multiplex: true,
    maxConnections: 1,
    limits: { bufferedPerConnection: 100 * KIB },
  });
  clients.push(client);
  const answers = Array.from({ length: 5 }, () => client.request(get));
  for (let id = 1; id <= 5; id += 1) {
    await pipe.application.request();
    pipe.application.stdout(id, "Status: 200\n\n");
  }
  await Promise.all(answers);
  for (let id = 1; id <= 5; id += 1) pipe.application.stdout(id, Buffer.alloc(32 * KIB));
  await settle();
  expect(pipe.client.isPaused()).toBe(true);
  expect(pipe.client.readableLength).toBe(32 * KIB + 8);
});

test("a request body is read no faster than the application consumes it", async () => {
  const pipe = new Pipe();
  let produced = 0;
  const source = async function* (): AsyncGenerator<Buffer> {
    for (let count = 0; count < 100; count += 1) {
      produced += 1;
      yield Buffer.alloc(32 * KIB, count);
    }
  };
  pipe.reading = false;
  const answer = connect(pipe).request({ ...get, stdin: source() });
  await settle();
  expect(produced).toBeLessThan(6);
  expect(pipe.written).toBeLessThan(200 * KIB);
  pipe.resume();
  let received = 0;
  for (;;) {
    const { type, content } = await pipe.application.record();
    if (type !== 5) continue;
    if (content.length === 0) break;
    received += content.length;
  }
  expect([produced, received]).toEqual([100, 100 * 32 * KIB]);
  pipe.application.answer(1, "Status: 200\n\n");
  expect((await answer).status).toBe(200);
});

test("requests with long bodies take turns on a connection", async () => {
  const pipe = new Pipe();
  const client = connect(pipe);
  const bodies = [Buffer.alloc(640 * KIB, 1), Buffer.alloc(640 * KIB, 2), Buffer.alloc(640 * KIB, 3)];
  const answers = bodies.map((stdin) => client.request({ ...get, stdin }));
  const received = [0, 0, 0, 0];
  let furthestApart = 0;
  for (let ended = 0; ended < 3;) {
    const { type, id, content } = await pipe.application.record();
    if (type !== 5) continue;
    received[id]! += content.length;
    if (content.length === 0) {
      ended += 1;
      pipe.application.answer(id, "Status: 200\n\n");
    } else if (ended === 0) {
      furthestApart = Math.max(furthestApart, Math.max(...received) - Math.min(...received.slice(1)));
    }
  }
  await Promise.all(answers);
  expect(received).toEqual([0, 640 * KIB, 640 * KIB, 640 * KIB]);
  expect(furthestApart).toBeLessThanOrEqual(200 * KIB);
});

test.each([
  [
    "rejects",
    () => new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("disk")) }),
    "disk",
  ],
  [
    "throws",
    () =>
      (async function* (): AsyncGenerator<Buffer> {
        yield Buffer.from("x");
        throw new Error("disk");
      })(),
    "disk",
  ],
  ["yields something other than bytes", () => Readable.from([42]), "type number"],
])("a source that %s fails the request, and the application is notified", async (_name, source, message) => {
  const pipe = new Pipe();
  const answer = connect(pipe).request({ ...get, stdin: source() });
  await expect(answer).rejects.toMatchObject({
    code: "ERR_CLIENT_BODY",
    fault: "local",
    cause: { message: expect.stringContaining(message) as string },
  });
  await pipe.application.recordOf(2);
});

test("a source that is not a stream fails the request", async () => {
  const pipe = new Pipe();
  const answer = connect(pipe).request({ ...get, stdin: 42 as unknown as string });
  await expect(answer).rejects.toMatchObject({ code: "ERR_CLIENT_BODY", cause: { name: "TypeError" } });
});
