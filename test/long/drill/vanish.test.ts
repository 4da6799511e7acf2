// The peer vanishes behind each byte of a request, by a FIN and by a reset.
import { once } from "node:events";
import { describe, expect, test } from "vitest";

import type { Definition } from "../../../src/roles/definitions.js";
import { allow } from "../../../src/roles/verdict.js";
import { authorize, filter, get, post } from "../../support/records.js";
import { responder, serveDefinitions } from "../../support/served.js";
import { openSocket } from "../../support/web-server-peer.js";

const definitions: Definition[] = [
  responder({
    "POST /echo": ({ body }) => body.text(),
    "GET /stream": async function* ({ signal }) {
      // Goes on until it is told that nobody listens.
      for (let piece = 0; !signal.aborted && piece < 100_000; piece += 1) yield "piece\n".repeat(200);
    },
    "GET /": () => "served",
  }),
  { kind: "authorizer", name: "Gate", paths: [], authorize: async () => allow({ USER: "a" }) },
  { kind: "filter", name: "Copy", paths: ["**"], filter: (request) => request.data },
];

const requests: [string, Buffer][] = [
  ["a responder with a body", post(1, "/echo", "the body of the request")],
  ["a responder that streams", get(1, "/stream")],
  ["an authorizer", authorize(1, "/secret")],
  ["a filter", filter(1, "/file", "the content of the file")],
];

describe.each(["tcp", "unix"] as const)("a peer over %s that vanishes", (over) => {
  test.each(requests)("at each byte of a request to %s leaves nothing behind", async (_what, request) => {
    const { server, address, connect } = await serveDefinitions(definitions, {
      over,
      server: { timeouts: { halfClosed: 100 } },
    });
    const vanish = async (length: number, way: "FIN" | "reset" | "close"): Promise<void> => {
      const socket = openSocket(address);
      socket.on("error", () => undefined);
      socket.resume();
      await once(socket, "connect");
      const closed = once(socket, "close");
      // An unix socket has no reset; to be destroyed with output unread is what comes nearest.
      if (way === "close" || (way === "reset" && over === "unix")) socket.pause();
      socket.write(request.subarray(0, length));
      if (way === "FIN") socket.end();
      else if (way === "reset" && over === "tcp") socket.resetAndDestroy();
      else socket.destroySoon();
      await closed;
    };
    for (let length = 1; length <= request.length; length += 1) {
      await Promise.all([vanish(length, "FIN"), vanish(length, "reset"), vanish(length, "close")]);
    }
    const peer = await connect();
    peer.send(get(1, "/"));

    expect((await peer.answer(1)).text).toBe("served");
    await expect.poll(() => [server.activeRequests, server.openConnections]).toEqual([0, 1]);
  });
});
