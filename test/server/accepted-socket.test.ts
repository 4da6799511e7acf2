import { execFileSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, Socket, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { AcceptedSocket, acceptInto } from "../../src/server/accepted-socket.js";
import { post } from "../support/records.js";
import { responder, serveDefinitions, temporaryFolder, turns } from "../support/served.js";
import { openSocket } from "../support/web-server-peer.js";

const MIB = 1024 * 1024;

interface Pair {
  readonly accepted: AcceptedSocket;
  readonly peer: Socket;
  readonly listening: Server;
}

/** A connection between a socket that was accepted and its peer. */
async function connected(over: "tcp" | "unix", listening: Server = createServer()): Promise<Pair> {
  const path = over === "unix" ? join(temporaryFolder(), "s") : undefined;
  if (!listening.listening) {
    listening.listen(path === undefined ? { host: "127.0.0.1", port: 0 } : { path });
    await once(listening, "listening");
    onTestFinished(() => void listening.close());
  }
  const arrived = new Promise<AcceptedSocket>((accepted) =>
    acceptInto(listening, { accepted, keepAliveDelay: 60_000 }),
  );
  const address = listening.address();
  const peer = openSocket(typeof address === "string" ? `unix:${address}` : `127.0.0.1:${address!.port}`);
  peer.on("error", () => {});
  const accepted = await arrived;
  accepted.on("error", () => {});
  onTestFinished(() => {
    accepted.destroy();
    peer.destroy();
  });
  return { accepted, peer, listening };
}

/** Collects what a socket receives. */
function collected(socket: Socket): { readonly bytes: Buffer; length: number } {
  const chunks: Buffer[] = [];
  const all = {
    length: 0,
    get bytes() {
      return Buffer.concat(chunks);
    },
  };
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    all.length += chunk.length;
  });
  socket.resume();
  return all;
}

/** Fills what the system buffers, so that the next write must wait. Returns the bytes. */
function fill(socket: AcceptedSocket): Buffer {
  const chunks: Buffer[] = [];
  for (let count = 1; ; count += 1) {
    const chunk = Buffer.alloc(MIB, count);
    const written = socket.writeNow([chunk]);
    chunks.push(chunk.subarray(0, written));
    if (written < MIB) return Buffer.concat(chunks);
  }
}

const handleOf = (socket: Socket): { readonly fd: number } =>
  (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;

describe.each(["tcp", "unix"] as const)("an accepted socket over %s", (over) => {
  test("reads every connection into the same memory", async () => {
    const first = await connected(over);
    const second = await connected(over, first.listening);
    const memory = new Set<ArrayBufferLike>();
    const texts: string[] = [];
    for (const { accepted, peer } of [first, second]) {
      const received = new Promise<void>((resolve) => {
        accepted.receiver = (chunk) => {
          memory.add(chunk.buffer);
          texts.push(chunk.toString());
          resolve();
        };
      });
      peer.write(`${texts.length}`);
      await received;
    }
    expect(texts).toEqual(["0", "1"]);
    expect([...memory].map(({ byteLength }) => byteLength)).toEqual([64 * 1024]);
  });

  test("stops reading within a receiver, and goes on where it stopped", async () => {
    const { accepted, peer } = await connected(over);
    const sent = Buffer.concat(Array.from({ length: 40 }, (_, index) => Buffer.alloc(16_384, index)));
    const chunks: Buffer[] = [];
    accepted.receiver = (chunk) => {
      expect(accepted.isPaused()).toBe(false);
      chunks.push(Buffer.from(chunk));
      accepted.pause();
      setImmediate(() => accepted.resume());
    };
    peer.end(sent);
    await once(accepted, "end");
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(chunks.length).toBeGreaterThan(2);
  });

  test("reads nothing while it is paused, whatever is resumed and paused in the same turn", async () => {
    const { accepted, peer } = await connected(over);
    const receiver = vi.fn();
    accepted.receiver = receiver;
    accepted.pause();
    accepted.resume();
    accepted.pause();
    await new Promise<void>((resolve) => void peer.write("x", () => resolve()));
    await turns(50);
    expect(receiver).not.toHaveBeenCalled();
    accepted.resume();
    await expect.poll(() => receiver.mock.calls.length).toBe(1);
  });

  test("receives nothing after it was destroyed within a receiver", async () => {
    const { accepted, peer } = await connected(over);
    const receiver = vi.fn(() => void accepted.destroy());
    accepted.receiver = receiver;
    const closed = once(accepted, "close");
    peer.write(Buffer.alloc(MIB));
    await closed;
    await turns();
    expect(receiver).toHaveBeenCalledTimes(1);
  });

  test("writes what the system takes, and no byte overtakes those that wait", async () => {
    const { accepted, peer } = await connected(over);
    peer.pause();
    const first = fill(accepted);
    expect(first.length).toBeGreaterThan(0);
    // More than the system takes even if it has moved some bytes on meanwhile.
    const second = Buffer.alloc(8 * MIB, "waits");
    const waits = new Promise<void>((resolve) => void accepted.write(second, () => resolve()));
    expect(accepted.writableLength).toBe(second.length);
    const all = collected(peer);
    // Until the write has ended nothing goes past it, even if the system has room meanwhile.
    let refused = 0;
    while (accepted.writableLength > 0) {
      expect(accepted.writeNow([Buffer.from("overtakes")])).toBe(0);
      refused += 1;
      await turns(1);
    }
    await waits;
    expect(refused).toBeGreaterThan(0);
    expect(accepted.writeNow([Buffer.from("then "), Buffer.from("this")])).toBe(9);
    await expect.poll(() => all.length).toBe(first.length + second.length + 9);
    expect(all.bytes.equals(Buffer.concat([first, second, Buffer.from("then this")]))).toBe(true);
  });

  test("writes a part of many buffers, more than one system call takes", async () => {
    const { accepted, peer } = await connected(over);
    peer.pause();
    const buffers = Array.from({ length: 5_000 }, (_, index) => Buffer.alloc(1_000 + (index % 7), index));
    const sent = Buffer.concat(buffers);
    const written = accepted.writeNow(buffers);
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(sent.length);
    const all = collected(peer);
    await expect.poll(() => all.length).toBe(written);
    expect(all.bytes.equals(sent.subarray(0, written))).toBe(true);
  });

  test("never writes to a descriptor that belongs to another connection by now", async () => {
    const { accepted, listening } = await connected(over);
    const handle = handleOf(accepted);
    const { fd } = handle;
    expect(fd).toBeGreaterThan(2);
    expect(accepted.writeNow([Buffer.from("while it is open")])).toBe(16);
    const closed = once(accepted, "close");
    accepted.destroy();
    expect(accepted.writeNow([Buffer.from("stray")])).toBe(0);
    await closed;
    expect(handle.fd).toBeLessThan(0);
    const others: Pair[] = [];
    while (!others.some(({ accepted, peer }) => [accepted, peer].some((end) => handleOf(end).fd === fd))) {
      expect(others.length).toBeLessThan(20);
      others.push(await connected(over, listening));
    }
    expect(accepted.writeNow([Buffer.from("stray")])).toBe(0);
    for (const other of others) {
      const all = collected(other.peer);
      expect(other.accepted.writeNow([Buffer.from("own")])).toBe(3);
      await expect.poll(() => all.length).toBe(3);
      expect(all.bytes.toString()).toBe("own");
    }
  });

  test("reports a peer that is gone by the next write", async () => {
    const { accepted, peer } = await connected(over);
    if (over === "tcp") peer.resetAndDestroy();
    else peer.destroy();
    accepted.pause();
    await once(peer, "close");
    await turns();
    const failed = once(accepted, "error");
    // A peer that was only closed takes one more write.
    while (accepted.writeNow([Buffer.from("x")]) > 0) await turns(1);
    accepted.write("x");
    const [error] = (await failed) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/^(EPIPE|ECONNRESET)$/);
    expect(accepted.destroyed).toBe(true);
  });
});

test("an accepted socket is published to the tools that count connections, as node:net does", async () => {
  const sockets: unknown[] = [];
  const count = (message: unknown): void => void sockets.push((message as { socket: unknown }).socket);
  subscribe("net.server.socket", count);
  onTestFinished(() => void unsubscribe("net.server.socket", count));
  const { connect } = await serveDefinitions([]);
  for (let time = 0; time < 2; time += 1) await (await connect()).roundTrip();
  expect(sockets).toEqual([expect.any(AcceptedSocket), expect.any(AcceptedSocket)]);
});

test("a runtime whose sockets cannot read into a buffer accepts them as node:net does", async () => {
  const echo = responder({ "POST /echo": ({ body }) => body.stream() });
  const seen: unknown[] = [];
  const { address } = await served(echo, seen);
  expect(seen).toEqual([]);
  await echoed(address);
  expect(seen).toEqual([AcceptedSocket]);

  const handles = (await import("node:net")).Server.prototype;
  const { listen } = handles;
  vi.spyOn(handles, "listen").mockImplementation(function (this: Server, ...args: unknown[]) {
    Reflect.apply(listen, this, args);
    this.once("listening", () => hideUserBuffer(this));
    return this;
  } as typeof listen);
  const fallback = await served(echo, seen);
  await echoed(fallback.address);
  expect(seen).toEqual([AcceptedSocket, Socket]);

  async function served(definition: typeof echo, kinds: unknown[]) {
    const made = await serveDefinitions([definition]);
    const accept = made.server.accept.bind(made.server);
    vi.spyOn(made.server, "accept").mockImplementation((socket) => {
      kinds.push(socket.constructor);
      return accept(socket);
    });
    return made;
  }
});

/** Makes the handles of a server's connections like those of Bun and Deno. */
function hideUserBuffer(server: Server): void {
  const listening = (
    server as unknown as { _handle: { onconnection: (status: number, client: object) => void } }
  )._handle;
  let current = listening.onconnection;
  Object.defineProperty(listening, "onconnection", {
    get: () => current,
    set: (accept: typeof current) => {
      current = function (this: unknown, status, client) {
        Object.defineProperty(client, "useUserBuffer", { value: undefined, configurable: true });
        accept.call(this, status, client);
      };
    },
  });
}

async function echoed(address: string): Promise<void> {
  const { WebServerPeer } = await import("../support/web-server-peer.js");
  const peer = await WebServerPeer.connect(address);
  const body = Buffer.alloc(200_000, "body");
  await peer.upload(post(1, "/echo", body));
  expect((await peer.answer(1)).body.equals(body)).toBe(true);
}

test.runIf(process.platform === "linux")("a connection has no delay and is probed in silence", async () => {
  const { accepted } = await connected("tcp");
  const ports = `( sport = :${accepted.localPort} and dport = :${accepted.remotePort} )`;
  const line = execFileSync("ss", ["-tnoH", ports], { encoding: "utf8" });
  expect(line).toMatch(/timer:\(keepalive,(1min|59sec|60sec)/);
});
