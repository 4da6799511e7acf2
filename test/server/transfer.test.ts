// How connections leave a server for another process: the other process is scripted, the connections are real.
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import type { SocketHandle } from "../../src/server/accepted-socket.js";
import type { Offer, OfferEnd, OfferedConnection } from "../../src/server/hand-over.js";
import { get } from "../support/records.js";
import {
  deferred,
  responder,
  serveDefinitions,
  temporaryFolder,
  turns,
  type Served,
} from "../support/served.js";
import { WebServerPeer, openSocket } from "../support/web-server-peer.js";

const hello = responder({ "GET /hello": () => "hello" });

interface Offered extends OfferedConnection {
  readonly settle: (end: OfferEnd) => void;
}

/** Another process, which is offered connections. */
class OtherProcess {
  readonly offers: Offered[] = [];
  readonly #offered: (() => void)[] = [];

  constructor() {
    // Otherwise the server would wait for the answers when the test ends.
    onTestFinished(() => {
      for (const { settle } of this.offers) settle("declined");
    });
  }

  readonly offer: Offer = (connection, settle) => {
    let isSettled = false;
    const settleOnce = (end: OfferEnd): void => {
      if (!isSettled) settle(end);
      isSettled = true;
    };
    this.offers.push({ ...connection, settle: settleOnce });
    for (const resume of this.#offered.splice(0)) resume();
  };

  /** Waits for so many offers in all. Returns the last one. */
  async nth(count: number): Promise<Offered> {
    while (this.offers.length < count) await new Promise<void>((resume) => void this.#offered.push(resume));
    return this.offers[count - 1]!;
  }
}

function serve(limits: { readonly connections?: number } = {}): Promise<Served> {
  return serveDefinitions([hello], { over: "unix", server: { limits, timeouts: { shutdown: 30_000 } } });
}

/** A peer whose connection has brought a request, and is kept. */
async function keptPeer({ connect }: Served, requests = 1): Promise<WebServerPeer> {
  const peer = await connect();
  for (let sent = 0; sent < requests; sent += 1) await peer.send(get(1, "/hello")).answer(1);
  return peer;
}

describe("a server that leaves", () => {
  test("offers an idle connection with the half request that it has read", async () => {
    const served = await serve();
    const peer = await keptPeer(served);
    const begun = get(2, "/hello").subarray(0, 12);
    peer.send(begun);
    await expect.poll(() => served.server.activeRequests).toBe(0);
    await turns();
    const other = new OtherProcess();
    const left = served.server.leave(other.offer);
    const { unread, settle } = await other.nth(1);
    expect(unread).toEqual(begun);
    settle("taken");
    await left;
    expect(served.server.openConnections).toBe(0);
  });

  test("answers on a connection that no process takes, and offers it again", async () => {
    const served = await serve();
    const peer = await keptPeer(served);
    const other = new OtherProcess();
    void served.server.leave(other.offer);
    (await other.nth(1)).settle("declined");
    expect((await peer.send(get(2, "/hello")).answer(2)).text).toBe("hello");
    (await other.nth(2)).settle("taken");
    await peer.closedByApplication();
  });

  test("reads nothing of a connection that no process has taken in time, but offers it again with all that it has read", async () => {
    const served = await serve();
    const peer = await keptPeer(served);
    const half = get(2, "/hello").subarray(0, 5);
    peer.send(half);
    await turns();
    const other = new OtherProcess();
    void served.server.leave(other.offer);
    const first = await other.nth(1);
    peer.send(get(2, "/hello").subarray(5));
    first.settle("late");
    const second = await other.nth(2);
    expect(second.unread).toEqual(half);
    await turns();
    expect(served.server.requests).toBe(1);
    // No process is there any more.
    second.settle("declined");
    expect((await peer.answer(2)).text).toBe("hello");
  });

  test("offers 128 connections at once, and reads no request on those that wait", async () => {
    const served = await serve();
    const peers = await Promise.all(Array.from({ length: 130 }, () => keptPeer(served)));
    const other = new OtherProcess();
    void served.server.leave(other.offer);
    await other.nth(128);
    for (const peer of peers) peer.send(get(2, "/hello"));
    await turns();
    expect(other.offers).toHaveLength(128);
    expect(served.server.requests).toBe(130);
    for (const { settle } of other.offers.slice(0, 2)) settle("taken");
    await other.nth(130);
    expect(served.server.requests).toBe(130);
  });

  test("serves connections on that wait for their turn when its master is gone", async () => {
    const served = await serve();
    const peers = await Promise.all(Array.from({ length: 130 }, () => keptPeer(served)));
    const other = new OtherProcess();
    void served.server.leave(other.offer);
    await other.nth(128);
    served.server.keep();
    for (const { settle } of other.offers) settle("declined");
    for (const peer of peers) expect((await peer.send(get(2, "/hello")).answer(2)).text).toBe("hello");
  });

  test("forgets a connection whose peer closes while it is offered", async () => {
    const served = await serve();
    const peer = await keptPeer(served);
    const other = new OtherProcess();
    const left = served.server.leave(other.offer);
    const { settle } = await other.nth(1);
    peer.destroy();
    await peer.closed();
    settle("declined");
    await left;
    expect(served.server.openConnections).toBe(0);
  });

  test("closes an offered connection when it is closed and no process takes it", async () => {
    const served = await serve();
    const peer = await keptPeer(served);
    const other = new OtherProcess();
    void served.server.leave(other.offer);
    const { settle } = await other.nth(1);
    const closed = served.server.close();
    settle("declined");
    await closed;
    await peer.closedByApplication();
    expect(other.offers).toHaveLength(1);
  });
});

describe("a server that gives", () => {
  /** Its load, after at least a tenth of a second. */
  async function measured({ server }: Served): Promise<number> {
    const from = performance.now();
    await expect.poll(() => performance.now() - from, { interval: 10 }).toBeGreaterThan(100);
    return server.measureLoad();
  }

  test("gives the kept connection whose requests are too many", async () => {
    const served = await serve();
    const cold = await keptPeer(served, 1);
    const hot = await keptPeer(served, 40);
    const load = await measured(served);
    const other = new OtherProcess();
    served.server.give({ load: load - 3, gap: 1_000 }, other.offer);
    const { rate, settle } = await other.nth(1);
    expect(rate).toBeGreaterThan(load / 2);
    settle("taken");
    await hot.closedByApplication();
    expect((await cold.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect(other.offers).toHaveLength(1);
    expect(await measured(served)).toBeLessThan(load / 2);
  });

  test("serves a connection on that no process takes", async () => {
    const served = await serve();
    const peer = await keptPeer(served);
    const other = new OtherProcess();
    served.server.give({ load: 100, gap: 100 }, other.offer);
    (await other.nth(1)).settle("late");
    expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
    expect(other.offers).toHaveLength(1);
  });

  test("gives a part of new connections if none is kept, and counts them as its own", async () => {
    const served = await serve();
    for (let sent = 0; sent < 40; sent += 1) {
      const peer = await served.connect();
      await peer.send(get(1, "/hello", { keep: false })).answer(1);
      peer.end();
    }
    await expect.poll(() => served.server.openConnections).toBe(0);
    const load = await measured(served);
    const other = new OtherProcess();
    // Half of what comes.
    served.server.give({ load: load / 2, gap: 0 }, other.offer);
    for (let connected = 0; connected < 4; connected += 1) await served.connect();
    await expect.poll(() => other.offers.length + served.server.openConnections).toBeGreaterThanOrEqual(4);
    expect(other.offers.map(({ rate }) => rate)).toEqual([undefined, undefined]);
    served.server.give({ load: 0, gap: 0 }, other.offer);
    await served.connect();
    await turns();
    expect(other.offers).toHaveLength(2);
  });
});

describe("a server that adopts", () => {
  /** A connection that another server has accepted, and its peer. */
  async function accepted(): Promise<{ readonly handle: SocketHandle; readonly peer: WebServerPeer }> {
    const path = join(temporaryFolder(), "other.sock");
    const socket = deferred<{ readonly _handle: SocketHandle }>();
    const server = createServer({ pauseOnConnect: true }, (one) =>
      socket.resolve(one as unknown as { readonly _handle: SocketHandle }),
    );
    server.listen(path);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const peer = await WebServerPeer.connect(`unix:${path}`);
    return { handle: (await socket.promise)._handle, peer };
  }

  test("reads what was read before, then the socket, but nothing before it is told to", async () => {
    const { server } = await serve();
    const { handle, peer } = await accepted();
    const request = get(1, "/hello");
    const adopted = server.adopt({ handle, unread: request.subarray(0, 7), rate: 5 });
    peer.send(request.subarray(7));
    await turns();
    expect(server.requests).toBe(0);
    adopted!.read();
    expect((await peer.answer(1)).text).toBe("hello");
    expect(server.measureLoad()).toBeGreaterThan(2);
  });

  test("closes its copy if the sender keeps the connection", async () => {
    const { server } = await serve();
    const { handle, peer } = await accepted();
    server.adopt({ handle, unread: Buffer.alloc(0), rate: undefined })!.forget();
    await peer.closedByApplication();
  });

  test("refuses a connection too many, and any when it closes", async () => {
    const served = await serve({ connections: 1 });
    await keptPeer(served);
    const { handle } = await accepted();
    const offered = { handle, unread: Buffer.alloc(0), rate: 0 };
    expect(served.server.adopt(offered)).toBeUndefined();
    const closing = await serve();
    await closing.server.close();
    expect(closing.server.adopt(offered)).toBeUndefined();
    handle.close();
    expect(openSocket(served.address).destroy()).toBeDefined();
  });
});
