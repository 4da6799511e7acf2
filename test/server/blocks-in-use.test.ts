// Blocks are given back whatever becomes of their request, and not before the system has read them.
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";

import { BLOCK_SIZE, blocks } from "../../src/protocol/block-pool.js";
import { RecordWriter } from "../../src/protocol/record-writer.js";
import { Segment } from "../../src/protocol/segment.js";
import { Server } from "../../src/server/server.js";
import { SocketOutput } from "../../src/server/socket-output.js";
import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { connectInMemory } from "../../src/server/memory-connection.js";
import { abort, begin, params, post, Records, stream, Type, variablesOf } from "../support/records.js";
import { poisonMemory } from "../support/poisoned-memory.js";
import { capturedLog, deferred, responder, serveDefinitions, turns } from "../support/served.js";
import type { WebServerPeer } from "../support/web-server-peer.js";

const NEVER = new Promise<never>(() => {});
const body = Buffer.alloc(120_000, "b");
const inUse = (): number => blocks.counts.inUse;

/** The beginning of a request with a body, all of which was read. */
async function upload(peer: WebServerPeer, id: number, path: string): Promise<void> {
  const variables = variablesOf(path, { REQUEST_METHOD: "POST", CONTENT_LENGTH: "999999" });
  peer.send(begin(id), params(id, variables), stream(Type.stdin, id, body));
  await peer.roundTrip();
}

const handlers = responder({
  "POST /unread": () => NEVER,
  "POST /collecting": ({ body }) => body.bytes(),
  "POST /echo": ({ body }) => body.stream(),
  "POST /iterated": async function* ({ body }) {
    for await (const piece of body.stream()) yield piece;
  },
  "POST /first": async ({ body }) => {
    for await (const piece of body.stream()) return piece;
    return "";
  },
  "POST /wrong-head": ({ body }) => new Response(body.stream(), { headers: { "content-length": "nothing" } }),
  "POST /too-large": ({ body }) => body.bytes({ bytes: 100 }),
  "POST /multipart": async ({ body }) => {
    for await (const part of body.multipart()) await part.bytes();
    return "";
  },
});

const ends: Readonly<Record<string, (peer: WebServerPeer) => void>> = {
  "is aborted": (peer) => void peer.send(abort(1)),
  "loses its connection": (peer) => peer.destroy(),
  "loses its connection by a reset": (peer) => void peer.reset(),
  "is cut short": (peer) => void peer.end(),
  "comes with a record that breaks the protocol": (peer) => void peer.send(Buffer.alloc(8, 9)),
};

test.each(Object.keys(ends))(
  "no block stays in use if a request %s, whatever reads its body",
  async (how) => {
    for (const path of [
      "unread",
      "collecting",
      "echo",
      "iterated",
      "first",
      "wrong-head",
      "too-large",
      "multipart",
    ]) {
      const { connect, server } = await serveDefinitions([handlers], {
        server: { timeouts: { drain: 1 } },
      });
      const peer = await connect();
      await upload(peer, 1, `/${path}`);
      if (path === "unread") expect(inUse()).toBeGreaterThan(0);
      ends[how]!(peer);
      if (!peer.socket.destroyed && how !== "is aborted") await peer.closedByApplication().catch(() => {});
      await expect.poll(() => server.activeRequests).toBe(0);
      peer.destroy();
      await expect.poll(() => server.openConnections).toBe(0);
      expect([path, inUse()]).toEqual([path, 0]);
    }
  },
);

test("no block stays in use if the peer goes while writes wait for it", async () => {
  for (const over of ["unix", "tcp"] as const) {
    const { connect, server } = await serveDefinitions([handlers], { over });
    const peer = await connect();
    peer.socket.pause();
    // More than the system's buffers, so that the application waits.
    const ids = Array.from({ length: over === "tcp" ? 60 : 6 }, (_, index) => index + 1);
    void peer.upload(...ids.map((id) => post(id, "/echo", Buffer.alloc(300_000, id)))).catch(() => {});
    await expect.poll(() => inUse()).toBeGreaterThan(0);
    if (over === "tcp") peer.reset();
    else peer.destroy();
    await expect.poll(() => server.openConnections).toBe(0);
    expect([inUse(), server.activeRequests]).toEqual([0, 0]);
  }
});

test("more than 16 MiB of held input is held without blocks, and comes back unchanged", async () => {
  const memory = poisonMemory();
  const go = deferred();
  const echo = responder({
    "POST /later": async ({ body }) => {
      await go.promise;
      return body.stream();
    },
  });
  const { connect, server } = await serveDefinitions([echo], {
    server: { limits: { bufferedPerServer: 64 * 1024 * 1024 } },
  });
  const peers = await Promise.all(Array.from({ length: 100 }, connect));
  const sent = peers.map((_, index) => Buffer.alloc(240_000, index + 1));
  for (const [index, peer] of peers.entries()) {
    peer.send(post(1, "/later", sent[index]!));
    await peer.roundTrip();
  }
  expect(inUse()).toBe(256);
  expect(256 * BLOCK_SIZE).toBeLessThan(100 * 240_000);
  go.resolve();
  for (const [index, peer] of peers.entries())
    expect((await peer.answer(1)).body.equals(sent[index]!)).toBe(true);
  for (const peer of peers) peer.destroy();
  await expect.poll(() => server.openConnections).toBe(0);
  expect([memory.faults, inUse()]).toEqual([[], 0]);
});

test("free blocks are freed while a server is idle, and when it closes", async () => {
  const { connect, server } = await serveDefinitions([handlers]);
  const peer = await connect();
  const visit = async (): Promise<void> => {
    peer.send(post(1, "/echo", body));
    expect((await peer.answer(1)).body.equals(body)).toBe(true);
  };
  await visit();
  expect(blocks.counts.free).toBeGreaterThan(0);
  await expect.poll(() => blocks.counts).toEqual({ inUse: 0, free: 0 });
  await visit();
  expect(blocks.counts.free).toBeGreaterThan(0);
  await server.close();
  expect(blocks.counts).toEqual({ inUse: 0, free: 0 });
});

test("a connection in memory gets bytes that stay as they are, although its writes end before they were read", async () => {
  const memory = poisonMemory();
  const { log } = capturedLog();
  const server = new Server(new Dispatcher(new Roles([handlers], { log })), { log });
  const { stream: peer } = connectInMemory(server);
  const chunks: Buffer[] = [];
  peer.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [one, two] = [Buffer.alloc(60_000, "1"), Buffer.alloc(60_000, "2")];
  peer.write(Buffer.concat([post(1, "/echo", one), post(2, "/echo", two)]));
  const answered = (): number =>
    new Records().push(Buffer.concat(chunks)).filter(({ type }) => type === Type.end).length;
  await expect.poll(answered).toBe(2);
  await turns();
  const received = new Records().push(Buffer.concat(chunks));
  for (const [id, sent] of [one, two].entries()) {
    const contents = received.filter((other) => other.id === id + 1 && other.type === Type.stdout);
    const stdout = Buffer.concat(contents.map(({ content }) => content));
    expect(stdout.subarray(stdout.indexOf("\r\n\r\n") + 4).equals(sent)).toBe(true);
  }
  peer.destroy();
  await server.close();
  expect([memory.faults, inUse()]).toEqual([[], 0]);
});

/** A record that a block holds, queued. */
function queued(byte: number): { readonly writer: RecordWriter; readonly block: Buffer } {
  const segment = Segment.for(40_000);
  segment.push(Buffer.alloc(40_000, byte));
  const writer = new RecordWriter();
  writer.segment(Type.stdout, 1, segment);
  return { writer, block: segment.bytes };
}

test("a writer drops its blocks with what is queued", () => {
  const { writer } = queued(1);
  expect(inUse()).toBe(1);
  writer.clear();
  writer.clear();
  expect([inUse(), writer.length]).toEqual([0, 0]);
});

/** A socket of which no write ends. */
class StuckSocket extends Socket {
  override _write(): void {}
  override _writev(): void {}
}

test.each([
  ["a socket", () => new StuckSocket()],
  ["a stream", () => new Duplex({ read() {}, write() {} })],
])("%s that never ends a write does not give its blocks back into the pool", (_, stuck) => {
  const output = new SocketOutput(stuck(), Infinity);
  const { writer, block } = queued(1);
  const { buffer } = block;
  output.write(writer);
  output.closed();
  output.closed();
  expect(inUse()).toBe(0);
  const others = Array.from({ length: blocks.counts.free + 1 }, () => blocks.take()!);
  expect(others.every((other) => other.buffer !== buffer)).toBe(true);
  for (const other of others) blocks.give(other);
});
