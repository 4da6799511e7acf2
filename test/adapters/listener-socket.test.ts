import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { testApplication } from "tricorn/testing";
import { nodeListener, type NodeListener } from "tricorn/adapters";
import { describe, expect, onTestFinished, test } from "vitest";

import { begin, params, stdin } from "../support/records.js";
import { deferred, serveDefinitions } from "../support/served.js";
import type { TestRequest } from "../../src/testing/test-request.js";

/** The listener's view of its socket, in a process without one. */
async function seenOf(
  look: (socket: Socket & TLSSocket) => unknown,
  request: TestRequest = {},
): Promise<unknown> {
  const application = await testApplication([
    nodeListener((message, response) => {
      response.end(JSON.stringify(look(message.socket as Socket & TLSSocket) ?? null));
    }),
  ]);
  onTestFinished(() => application.close());
  return (await application.respond("/", request)).json();
}

const there = {
  REMOTE_ADDR: "192.0.2.7",
  REMOTE_PORT: "50123",
  SERVER_ADDR: "2001:db8::1",
  SERVER_PORT: "443",
};

describe("The socket of a listener", () => {
  test("has the properties that listeners read of a connection", async () => {
    const look = (socket: Socket) => [
      [socket.remoteAddress, socket.remotePort, socket.remoteFamily],
      [socket.localAddress, socket.localPort, socket.localFamily, socket.address()],
      [socket.readyState, socket.connecting, socket.pending, socket.destroyed, socket.closed],
      [socket.readable, socket.writable, socket.bytesRead, socket.bytesWritten, socket.timeout],
      [socket.setNoDelay() === socket, socket.setKeepAlive() === socket, socket.ref() === socket.unref()],
    ];
    expect(await seenOf(look, { params: there })).toEqual([
      ["192.0.2.7", 50123, "IPv4"],
      ["2001:db8::1", 443, "IPv6", { address: "2001:db8::1", port: 443, family: "IPv6" }],
      ["open", false, false, false, false],
      [true, true, 0, 0, 0],
      [true, true, true],
    ]);
  });

  test("reports TLS as the Web server does, and never a verified client certificate", async () => {
    const look = (socket: TLSSocket) => [
      socket.encrypted,
      socket.authorized,
      socket.alpnProtocol,
      socket.getProtocol(),
      socket.getCipher().name,
      socket.getPeerCertificate(),
    ];
    const tls = {
      HTTPS: "on",
      SERVER_PROTOCOL: "HTTP/2.0",
      SSL_PROTOCOL: "TLSv1.3",
      SSL_CIPHER: "TLS_AES_256_GCM_SHA384",
      SSL_CLIENT_VERIFY: "SUCCESS",
    };
    expect(await seenOf(look, { params: tls })).toEqual([
      true,
      false,
      "h2",
      "TLSv1.3",
      "TLS_AES_256_GCM_SHA384",
      {},
    ]);
  });

  test("has no TLS properties without TLS, like a socket of node:net", async () => {
    const names = ["authorized", "alpnProtocol", "getProtocol", "getCipher", "getPeerCertificate"];
    const look = (socket: Socket) => names.map((name) => typeof Reflect.get(socket, name));
    expect(await seenOf(look)).toEqual(names.map(() => "undefined"));
  });

  test.each(["encrypted", "remoteAddress", "remotePort", "remoteFamily", "localPort", "authorized"])(
    "lets a listener set %s",
    async (name) => {
      const look = (socket: Socket) => {
        Reflect.set(socket, name, "mine");
        const assigned: unknown = Reflect.get(socket, name);
        Object.defineProperty(socket, name, { value: "defined" });
        return [assigned, Reflect.get(socket, name)];
      };
      expect(await seenOf(look, { params: there })).toEqual(["mine", "defined"]);
      expect(await seenOf((socket) => Reflect.get(socket, name) === "mine")).toBe(false);
    },
  );

  test("counts bytes read and written", async () => {
    const counted = deferred<readonly number[]>();
    const { connect } = await serveDefinitions([
      nodeListener((request, response) => {
        request.resume().on("end", () => {
          response.write("caf\u00e9");
          response.end(Buffer.from("!"), () =>
            counted.resolve([request.socket.bytesRead, request.socket.bytesWritten]),
          );
        });
      }),
    ]);
    const peer = await connect();
    peer.send(
      begin(1),
      params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/", CONTENT_LENGTH: "3" }),
      stdin(1, "abc"),
      stdin(1),
    );
    await peer.answer(1);
    expect(await counted.promise).toEqual([3, 6]);
  });

  test.each([
    [Number.NaN, "ERR_OUT_OF_RANGE"],
    [-1, "ERR_OUT_OF_RANGE"],
    [Infinity, "ERR_OUT_OF_RANGE"],
    ["20", "ERR_INVALID_ARG_TYPE"],
    [2 ** 40, 2 ** 31 - 1],
    [0, 0],
  ])("handles a time-out of %s like node:net", async (given, expected) => {
    const seen = await seenOf((socket) => {
      try {
        return socket.setTimeout(given as number).timeout;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    });
    expect(seen).toBe(expected);
  });

  test("has the stream members that libraries read before reading or writing", async () => {
    const look = (socket: Socket) => [
      [socket.readableEnded, socket.readableLength, socket.readableFlowing, socket.readableEncoding],
      [socket.writableEnded, socket.writableFinished, socket.writableNeedDrain, socket.writableLength],
      [socket.allowHalfOpen, socket.errored, socket.isPaused(), socket.read()],
      [socket.readableObjectMode, socket.writableObjectMode, socket.bufferSize],
      [socket.unpipe() === socket, socket.setDefaultEncoding("utf8") === socket],
    ];
    expect(await seenOf(look)).toEqual([
      [false, 0, true, null],
      [false, false, false, 0],
      [true, null, false, null],
      [false, false, 0],
      [true, true],
    ]);
  });
});

/** Serves a listener whose request is an upload that never ends. */
async function standingUpload(listener: NodeListener) {
  const { connect, server } = await serveDefinitions([nodeListener(listener)]);
  const peer = await connect();
  peer.send(
    begin(1),
    params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/", CONTENT_LENGTH: "3" }),
    stdin(1, "ab"),
  );
  return { peer, server };
}

test("request.setTimeout() reports a stalled upload, and the listener can answer", async () => {
  const { peer } = await standingUpload((request, response) => {
    request.resume().setTimeout(20, () => response.writeHead(408).end("slow"));
  });
  const answer = await peer.answer(1);
  expect([answer.status, answer.text]).toEqual([408, "slow"]);
});

test.each<[string, NodeListener]>([
  ["request.socket.end()", (request) => request.socket.end()],
  ["request.socket.destroy()", (request) => request.socket.destroy()],
  ["request.socket.destroySoon()", (request) => request.socket.destroySoon()],
  ["request.socket.resetAndDestroy()", (request) => request.socket.resetAndDestroy()],
  ["response.destroy()", (_request, response) => response.destroy()],
])("%s without an answer ends the request at once with 500", async (_name, listener) => {
  const { peer, server } = await standingUpload(listener);
  expect((await peer.answer(1)).status).toBe(500);
  expect(server.activeRequests).toBe(0);
});

test("the body that has arrived can be read after its client has left", async () => {
  const text = deferred<string>();
  const complete = deferred();
  const { connect } = await serveDefinitions([
    nodeListener(async (request) => {
      const aborted = new Promise((resolve) => request.once("aborted", resolve));
      while (!request.complete) await new Promise((resolve) => setImmediate(resolve));
      complete.resolve();
      request.on("error", () => {});
      await aborted;
      text.resolve(String(request.read()));
    }),
  ]);
  const peer = await connect();
  peer.send(
    begin(1),
    params(1, { REQUEST_METHOD: "POST", REQUEST_URI: "/", CONTENT_LENGTH: "3" }),
    stdin(1, "abc"),
    stdin(1),
  );
  await complete.promise;
  peer.reset();
  expect(await text.promise).toBe("abc");
});
