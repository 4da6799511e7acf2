import { once } from "node:events";
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import {
  FastCgiClient,
  type ClientObserver,
  type ClientRequest,
  type ConnectionObserver,
} from "../../src/client/index.js";
import { application, connect, get, hello, useScriptedApplication } from "./support.js";

useScriptedApplication();

/** What an observer has seen of one connection. */
class SeenConnection implements ConnectionObserver {
  readonly begun: [requestId: number, request: ClientRequest][] = [];
  readonly #sent: Buffer[] = [];
  readonly #received: Buffer[] = [];
  #close!: (fact: string) => void;
  /** Resolves when the connection is closed. */
  readonly whenClosed = new Promise<string>((resolve) => (this.#close = resolve));

  get allSent(): string {
    return Buffer.concat(this.#sent).toString("latin1");
  }

  get allReceived(): string {
    return Buffer.concat(this.#received).toString("latin1");
  }

  began(requestId: number, request: ClientRequest): void {
    this.begun.push([requestId, request]);
  }

  sent(bytes: Uint8Array): void {
    this.#sent.push(Buffer.from(bytes));
  }

  received(bytes: Uint8Array): void {
    this.#received.push(Buffer.from(bytes));
  }

  closed(): void {
    this.#close("closed");
  }
}

class SeenConnections implements ClientObserver {
  readonly all: SeenConnection[] = [];

  opened(): SeenConnection {
    const connection = new SeenConnection();
    this.all.push(connection);
    return connection;
  }
}

/** A proxy to the scripted application that keeps the bytes of both directions of its connections. */
async function recordingProxy(): Promise<{ port: number; taps: { sent: string; received: string }[] }> {
  const taps: { sent: string; received: string }[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const tap = { sent: "", received: "" };
    taps.push(tap);
    const onward = connectSocket(application.port, "127.0.0.1");
    sockets.push(socket, onward);
    socket.on("data", (chunk) => (tap.sent += chunk.toString("latin1")));
    onward.on("data", (chunk) => (tap.received += chunk.toString("latin1")));
    socket.pipe(onward).pipe(socket);
    for (const one of [socket, onward]) one.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, taps };
}

test("an observer sees the bytes that a proxy sees, in both directions", async () => {
  const { port, taps } = await recordingProxy();
  const observe = new SeenConnections();
  const client = new FastCgiClient({ address: port, observe });
  const body = Buffer.alloc(200_000, "b");
  const first = client.request({
    role: 3,
    params: { REQUEST_METHOD: "POST" },
    stdin: "form=1",
    data: (async function* pieces() {
      yield body;
    })(),
  });
  const peer = await application.accept();
  await peer.answerValues("FCGI_MPXS_CONNS=1");
  const id = await peer.request();
  while ((await peer.recordOf(8)).content.length > 0);
  peer.stderr(id, "careful");
  peer.answer(id, hello);
  await (await first).text();
  await client.close();
  const [seen] = observe.all;
  await seen!.whenClosed;
  expect(observe.all).toHaveLength(1);
  expect(seen!.allSent.length).toBeGreaterThan(200_000);
  expect(seen!.allSent).toBe(taps[0]!.sent);
  expect(seen!.allReceived).toBe(taps[0]!.received);
});

test("an observer learns the request id of each request before its BEGIN_REQUEST", async () => {
  const observe = new SeenConnections();
  const client = connect({ multiplex: true, observe });
  const requests: ClientRequest[] = [{ params: { A: "1" } }, { params: { A: "2" }, role: 2 }];
  const responses = requests.map((request) => client.request(request));
  const peer = await application.accept();
  peer.answer(await peer.request(), hello);
  peer.answer(await peer.request(), hello);
  for (const response of responses) await (await response).text();
  const [seen] = observe.all;
  expect(seen!.begun.map(([id]) => id)).toEqual([1, 2]);
  for (const [at, request] of requests.entries()) expect(seen!.begun[at]![1]).toBe(request);
});

test("an observer sees a request that is repeated on a new connection twice", async () => {
  const observe = new SeenConnections();
  const client = connect({ observe });
  const first = client.request(get);
  const peer = await application.accept();
  peer.answer(await peer.request(), hello);
  await (await first).text();
  const second = client.request(get);
  await peer.request();
  peer.close();
  const next = await application.accept();
  next.answer(await next.request(), hello);
  expect((await second).status).toBe(200);
  expect(observe.all.map(({ begun }) => begun.length)).toEqual([2, 1]);
  expect(await observe.all[0]!.whenClosed).toBe("closed");
});
