import { statSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";

import type { Definition } from "../../src/roles/definitions.js";
import { encodeRecord } from "../../src/protocol/record.js";
import { get } from "../support/records.js";
import { askScgi, headers, netstring, ScgiPeer, scgiRequest } from "../support/scgi-peer.js";
import { deferred, responder, serveDefinitions, type Served, type ServedOptions } from "../support/served.js";

const hello = responder({
  "GET /hello": () => "hello",
  "POST /echo": ({ body }) => body.stream(),
  "GET /variables": ({ params }) => params.toObject(),
});

function serveScgi(definition: Definition, options: ServedOptions = {}): Promise<Served> {
  return serveDefinitions([definition], { over: "scgi", ...options });
}

/** What the log says about connections and requests that ended badly. */
function complaints({ log }: Served): readonly [string | undefined, string][] {
  return log.filter(({ level }) => level >= 40).map(({ code, msg }) => [code, msg]);
}

describe.each(["scgi", "scgi unix"] as const)("A server on %s", (over) => {
  test("answers one request with Status first, and ends the connection", async () => {
    const { address } = await serveScgi(hello, { over });
    expect(address).toMatch(over === "scgi" ? /^scgi:127\.0\.0\.1:\d+$/ : /^scgi:unix:\//);
    const answer = await askScgi(address, scgiRequest("/hello"));
    expect(answer).toMatchObject({ status: 200, text: "hello", isReset: false });
    expect(answer.head).toEqual([
      "Status: 200 OK",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Length: 5",
    ]);
  });

  test("reads a request byte by byte", async () => {
    const { address } = await serveScgi(hello, { over });
    const peer = await ScgiPeer.connect(address);
    const request = scgiRequest("/echo", { body: "tea", params: { REQUEST_METHOD: "POST" } });
    for (const byte of request) {
      await new Promise((resolve) => {
        peer.socket.write(Buffer.from([byte]), resolve);
      });
    }
    expect(await peer.answer()).toMatchObject({ status: 200, text: "tea" });
  });

  test("takes a large body and gives it back, no faster than the peer reads", async () => {
    const { address } = await serveScgi(hello, { over });
    const body = Buffer.alloc(5_000_000, "0123456789");
    const peer = await ScgiPeer.connect(address);
    peer.send(scgiRequest("/echo", { body, params: { REQUEST_METHOD: "POST" } }));
    const answer = await peer.answer();
    expect(answer.body.equals(body)).toBe(true);
  });

  test("stops a stream while the peer does not read it", async () => {
    const piece = Buffer.alloc(64 * 1024);
    let made = 0;
    const stopped = deferred();
    const endless = responder({
      async *"GET /endless"() {
        try {
          for (; made < 10_000; made += 1) yield piece;
        } finally {
          stopped.resolve();
        }
      },
    });
    const { server, address } = await serveScgi(endless, { over });
    const peer = await ScgiPeer.connect(address);
    peer.socket.pause();
    peer.send(scgiRequest("/endless"));
    await expect.poll(() => server.activeRequests).toBe(1);
    let last = -1;
    await expect
      .poll(() => {
        const stands = made > 0 && made === last;
        last = made;
        return stands;
      })
      .toBe(true);
    expect(made).toBeLessThan(1_000);
    peer.socket.destroy();
    await stopped.promise;
    await expect.poll(() => server.openConnections).toBe(0);
  });

  test("aborts a handler when the peer closes", async () => {
    const reason = deferred<unknown>();
    const begun = deferred();
    const slow = responder({
      "GET /slow": ({ signal }) =>
        new Promise<string>(() => {
          signal.addEventListener("abort", () => reason.resolve(signal.reason));
          begun.resolve();
        }),
    });
    const { server, address } = await serveScgi(slow, { over });
    const peer = await ScgiPeer.connect(address);
    peer.send(scgiRequest("/slow"));
    await begun.promise;
    peer.socket.destroy();
    expect(await reason.promise).toMatchObject({ code: "ERR_ABORTED_DISCONNECT" });
    await expect.poll(() => [server.activeRequests, server.openConnections]).toEqual([0, 0]);
  });

  test("finishes its requests when it closes, and a new connection within a moment", async () => {
    const go = deferred();
    const begun = deferred();
    const slow = responder({
      "GET /slow": async () => {
        begun.resolve();
        await go.promise;
        return "done";
      },
    });
    const { server, address } = await serveScgi(slow, { over, server: { timeouts: { shutdown: 30_000 } } });
    const [active, fresh] = [await ScgiPeer.connect(address), await ScgiPeer.connect(address)];
    active.send(scgiRequest("/slow"));
    await begun.promise;
    const closed = server.close();
    fresh.send(scgiRequest("/slow"));
    await expect.poll(() => server.activeRequests).toBe(2);
    go.resolve();
    expect(await active.answer()).toMatchObject({ status: 200, text: "done" });
    expect(await fresh.answer()).toMatchObject({ status: 200, text: "done" });
    await closed;
  });

  test("refuses a request that is still active after the shutdown time-out with 503", async () => {
    const begun = deferred();
    const stuck = responder({
      "GET /stuck": () => {
        begun.resolve();
        return new Promise<string>(() => {});
      },
    });
    const { server, address } = await serveScgi(stuck, { over, server: { timeouts: { shutdown: 50 } } });
    const peer = await ScgiPeer.connect(address);
    peer.send(scgiRequest("/stuck"));
    await begun.promise;
    await Promise.all([server.close(), peer.answer()]);
    expect((await peer.answer()).status).toBe(503);
  });
});

describe("Hostile headers", () => {
  const first = ["CONTENT_LENGTH", "0"] as const;
  const magic = ["SCGI", "1"] as const;
  const target = ["REQUEST_URI", "/hello"] as const;

  test.each<[string, string | Buffer]>([
    ["a leading zero", "070:CONTENT_LENGTH"],
    ["a gigantic length", "9".repeat(30)],
    ["a length without a colon", "70CONTENT_LENGTH"],
    ["no comma", "17:CONTENT_LENGTH\x000\0;"],
    ["a length that is too short", "16:CONTENT_LENGTH\x000\0,"],
  ])("%s closes the connection, with 503 once a request has begun", async (_what, bytes) => {
    const served = await serveScgi(hello);
    const answer = await askScgi(served.address, bytes);
    expect([answer.status, answer.bytes.length]).toEqual(
      String(bytes).startsWith("0") ? [Number.NaN, 0] : [503, answer.bytes.length],
    );
    expect(complaints(served)).toContainEqual(["ERR_SCGI_NETSTRING", "Closed a connection"]);
    expect((await askScgi(served.address, scgiRequest("/hello"))).text).toBe("hello");
    await expect.poll(() => served.server.openConnections).toBe(0);
  });

  test.each<[string, string]>([
    ["no CONTENT_LENGTH", headers([magic, target])],
    ["CONTENT_LENGTH not first", headers([magic, first, target])],
    ["CONTENT_LENGTH twice", headers([first, magic, target, ["CONTENT_LENGTH", "5"]])],
    ["a signed CONTENT_LENGTH", headers([["CONTENT_LENGTH", "-1"], magic, target])],
    ["no SCGI", headers([first, target])],
    ["SCGI twice", headers([first, magic, target, magic])],
    ["an odd string", `${headers([first, magic, target])}A\0`],
    ["a NUL in a value", headers([first, magic, ["REQUEST_URI", "/hello\0x"]])],
    ["an empty name", headers([first, magic, target, ["", "x"]])],
  ])("%s: 400, and the request reaches no handler", async (_what, text) => {
    const served = await serveScgi(hello);
    const answer = await askScgi(served.address, netstring(text));
    expect(answer).toMatchObject({ status: 400, isReset: false });
    expect(complaints(served)).toEqual([
      ["ERR_SCGI_HEADERS", expect.stringMatching(/^Refused request: Cannot read headers: /)],
    ]);
    await expect.poll(() => served.server.activeRequests).toBe(0);
  });

  test("bytes whose number no header tells are dropped", async () => {
    const served = await serveScgi(hello);
    const answer = await askScgi(served.address, netstring(headers([magic, target])), Buffer.alloc(100_000));
    expect(answer).toMatchObject({ status: 400, isReset: false });
    expect(complaints(served)).toEqual([["ERR_SCGI_HEADERS", expect.any(String)]]);
  });

  test("more headers than the limits allow: 431, and no more is kept", async () => {
    const limits = { paramsBytes: 10_000, paramsCount: 20, paramNameBytes: 100, paramValueBytes: 1_000 };
    const served = await serveScgi(hello, { server: { limits } });
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`A${index}`, ""]));
    for (const params of [
      many,
      { ["N".repeat(101)]: "" },
      { A: "v".repeat(1_001) },
      { A: "v".repeat(20_000) },
    ]) {
      expect((await askScgi(served.address, scgiRequest("/hello", { params }))).status).toBe(431);
    }
    // Announced only: it is refused when the limit is exceeded, long before the end.
    const peer = await ScgiPeer.connect(served.address);
    peer.send("999999999:", Buffer.alloc(10_001, "x"));
    expect((await peer.answer()).status).toBe(431);
    expect(served.server.inputFull).toBe(false);
    expect(new Set(complaints(served).map(([code]) => code))).toEqual(new Set(["ERR_LIMIT_PARAMS"]));
  });

  test("a slow head: 408 after the time limit of PARAMS, from the first byte on", async () => {
    const served = await serveScgi(hello, { server: { timeouts: { params: 100 } } });
    const peer = await ScgiPeer.connect(served.address);
    peer.send("7");
    expect((await peer.answer()).status).toBe(408);
    expect(complaints(served)).toEqual([
      ["ERR_ABORTED_TIMEOUT", "Refused request: PARAMS did not end in time"],
    ]);
  });

  test("a connection that brings nothing is closed after the idle time-out", async () => {
    const { server, address } = await serveScgi(hello, { server: { timeouts: { idle: 100 } } });
    const peer = await ScgiPeer.connect(address);
    expect((await peer.answer()).bytes.length).toBe(0);
    peer.socket.end();
    await expect.poll(() => server.openConnections).toBe(0);
  });

  test("a connection that ends within its headers is closed without an answer", async () => {
    const { server, address } = await serveScgi(hello);
    const peer = await ScgiPeer.connect(address);
    peer.send(scgiRequest("/hello").subarray(0, 30));
    peer.socket.end();
    expect((await peer.answer()).bytes.length).toBe(0);
    await expect.poll(() => [server.activeRequests, server.openConnections]).toEqual([0, 0]);
  });
});

describe("The body", () => {
  const upload = responder({
    "POST /body": async ({ body }) => String((await body.bytes()).length),
    "POST /unread": () => "unread",
  });
  const method = { REQUEST_METHOD: "POST" };

  test("that is longer than CONTENT_LENGTH ends its request with 503", async () => {
    const waiting = responder({ "POST /body": () => new Promise<string>(() => {}) });
    const served = await serveScgi(waiting);
    const answer = await askScgi(
      served.address,
      scgiRequest("/body", { body: "four", params: { ...method, CONTENT_LENGTH: "3" } }),
    );
    expect(answer.status).toBe(503);
    expect(complaints(served)).toContainEqual(["ERR_SCGI_BODY_LENGTH", "Closed a connection"]);
  });

  test("that is longer than its limit: 413", async () => {
    const { address } = await serveScgi(upload, { server: { limits: { bodyBytes: 1_000 } } });
    const request = scgiRequest("/body", { body: Buffer.alloc(1_001), params: method });
    expect((await askScgi(address, request)).status).toBe(413);
  });

  test("that stalls: 408", async () => {
    const { address } = await serveScgi(upload, { server: { timeouts: { body: 100 } } });
    const request = scgiRequest("/body", { body: "1", params: { ...method, CONTENT_LENGTH: "2" } });
    expect((await askScgi(address, request)).status).toBe(408);
  });

  test("that the peer ends too early aborts its request", async () => {
    const served = await serveScgi(upload);
    const peer = await ScgiPeer.connect(served.address);
    peer.send(scgiRequest("/body", { body: "1", params: { ...method, CONTENT_LENGTH: "2" } }));
    peer.socket.end();
    await peer.answer();
    await expect.poll(() => served.server.openConnections).toBe(0);
    expect(served.log.map(({ code }) => code)).toContain("ERR_ABORTED_DISCONNECT");
  });

  test("that nobody reads does not reset the connection, and costs no answer", async () => {
    const { address } = await serveScgi(upload);
    const answer = await askScgi(
      address,
      scgiRequest("/unread", { body: Buffer.alloc(3_000_000), params: method }),
    );
    expect(answer).toMatchObject({ status: 200, text: "unread", isReset: false });
  });

  // nginx asks auth_request with the length of a body that it does not send.
  test("that is announced and never comes holds up no answer", async () => {
    const { address } = await serveScgi(upload);
    const request = scgiRequest("/unread", { params: { ...method, CONTENT_LENGTH: "1000" } });
    expect(await askScgi(address, request)).toMatchObject({ status: 200, text: "unread" });
  });
});

describe("An answer that breaks off", () => {
  const broken = responder({
    async *"GET /broken"() {
      yield "the beginning";
      await Promise.resolve();
      throw new Error("broken");
    },
  });

  test("resets a TCP connection, because its end would be the end of the answer", async () => {
    const { address } = await serveScgi(broken);
    expect((await askScgi(address, scgiRequest("/broken"))).isReset).toBe(true);
  });

  test("closes a unix socket, which knows no reset", async () => {
    const { server, address } = await serveScgi(broken, { over: "scgi unix" });
    expect((await askScgi(address, scgiRequest("/broken"))).text).toBe("the beginning");
    await expect.poll(() => server.openConnections).toBe(0);
  });
});

describe("What SCGI cannot carry", () => {
  test("lines for the Web server's log are in the log, and not in the answer", async () => {
    const failing = responder({
      "GET /failing": () => {
        throw new Error("out of tea");
      },
    });
    const served = await serveScgi(failing);
    const answer = await askScgi(served.address, scgiRequest("/failing"));
    expect(answer.status).toBe(500);
    expect(answer.bytes.toString()).not.toContain("tea");
    expect(served.log.map(({ err }) => err?.message)).toContain("out of tea");
  });
});

describe("Another protocol", () => {
  test.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "put a Web server in between"],
    ["TLS", Buffer.from([0x16, 3, 1]), "put a Web server in between"],
    ["FastCGI", get(1, "/hello"), "listen on this address without scgi:, or have the Web server speak SCGI"],
    [
      "FastCGI",
      encodeRecord({ type: 9, requestId: 0, content: Buffer.alloc(0) }),
      "listen on this address without scgi:, or have the Web server speak SCGI",
    ],
  ])("%s on an SCGI address is named in the log", async (protocol, bytes, cure) => {
    const served = await serveScgi(hello);
    const answer = await askScgi(served.address, bytes);
    expect(served.log).toMatchObject([
      {
        code: "ERR_SCGI_NETSTRING",
        error: `ProtocolError: Cannot read request: the peer speaks ${protocol}, expected SCGI; ${cure}`,
      },
    ]);
    expect(answer.bytes.toString()).toMatch(
      protocol === "HTTP"
        ? /\r\n\r\nThis address speaks SCGI, not HTTP: put a Web server in front of it \(see `tricorn config nginx --scgi`\)\.\n$/
        : /^$/,
    );
  });

  test("SCGI on a FastCGI address is named in the log", async () => {
    const served = await serveDefinitions([hello]);
    expect((await askScgi(served.address, scgiRequest("/hello"))).bytes.length).toBe(0);
    expect(served.log).toMatchObject([
      {
        code: "ERR_FCGI_VERSION",
        error:
          "ProtocolError: Cannot read record: the peer speaks SCGI, expected FastCGI; listen on scgi: and this address, or have the Web server speak FastCGI",
      },
    ]);
  });
});

describe("Who may connect", () => {
  test("holds for SCGI as for FastCGI: a peer by its address", async () => {
    const served = await serveScgi(hello, { server: { allowedPeers: ["192.0.2.1"] } });
    const { hostname, port } = new URL(served.address.replace("scgi:", "scgi://"));
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    await once(socket, "close");
    expect(complaints(served)).toEqual([["ERR_PEER_NOT_ALLOWED", "Closed a connection"]]);
  });

  test("holds for SCGI as for FastCGI: an address that other machines reach needs a list", async () => {
    const { server } = await serveScgi(hello);
    await expect(server.listen("scgi:0.0.0.0:0")).rejects.toMatchObject({ code: "ERR_ALLOWED_PEERS" });
  });

  test("holds for SCGI as for FastCGI: a unix socket by its mode", async () => {
    const { address } = await serveScgi(hello, {
      over: "scgi unix",
      server: { socketAccess: { mode: 0o600 } },
    });
    expect(statSync(address.replace("scgi:unix:", "")).mode & 0o777).toBe(0o600);
  });
});

test("A server speaks both protocols, each on its address", async () => {
  const { server, address, connect: open } = await serveDefinitions([hello]);
  const peer = await open();
  await server.listen("scgi:127.0.0.1:0");
  const [, scgiAddress] = server.addresses;
  expect(server.address).toBe(`${address}, ${scgiAddress}`);
  expect((await askScgi(scgiAddress!, scgiRequest("/hello"))).text).toBe("hello");
  peer.send(get(1, "/hello"));
  expect((await peer.answer(1)).text).toBe("hello");
});

test("The headers of SCGI are the params of a handler", async () => {
  const { address } = await serveScgi(hello);
  const answer = await askScgi(address, scgiRequest("/variables", { params: { REMOTE_ADDR: "192.0.2.7" } }));
  expect(JSON.parse(answer.text)).toMatchObject({ CONTENT_LENGTH: "0", SCGI: "1", REMOTE_ADDR: "192.0.2.7" });
});
