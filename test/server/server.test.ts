import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { allow } from "../../src/roles/verdict.js";
import { Server, type ServerOptions } from "../../src/server/server.js";
import { authorize, begin, get, params, record, Type, variablesOf } from "../support/records.js";
import {
  capturedLog,
  deferred,
  responder,
  serveDefinitions,
  temporaryFolder,
  turns,
} from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

const hello = responder({ "GET /hello": () => "hello" });
const never = () => new Promise<never>(() => undefined);

function makeServer(options: Partial<ServerOptions> = {}): Server {
  const { log } = capturedLog();
  const server = new Server(new Dispatcher(new Roles([hello], { log })), { log, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function expectServed(server: Server): Promise<void> {
  const peer = await WebServerPeer.connect(server.address);
  expect((await peer.send(get(1, "/hello")).answer(1)).text).toBe("hello");
  peer.destroy();
}

describe("Server.listen", () => {
  test("returns its address", async () => {
    const server = makeServer();
    expect(server.address).toBe("");
    await server.listen("127.0.0.1:0");

    expect(server.address).toBe(`127.0.0.1:${server.port}`);
    expect(server.port).toBeGreaterThan(0);
    await expectServed(server);
  });

  test("listens on IPv6", async () => {
    const server = makeServer();
    await server.listen("[::1]:0");

    expect(server.address).toBe(`[::1]:${server.port}`);
    await expectServed(server);
  });

  test("refuses an invalid address, and a port in use", async () => {
    const [one, other] = [makeServer(), makeServer()];
    await expect(one.listen("nonsense")).rejects.toMatchObject({
      code: "ERR_ADDRESS",
      name: "ConfigurationError",
    });
    await one.listen("127.0.0.1:0");

    await expect(other.listen(one.address)).rejects.toMatchObject({
      code: "ERR_ADDRESS_IN_USE",
      fault: "local",
    });
    await expectServed(one);
  });

  test("reports other system errors, and that a folder is missing", async () => {
    const folder = join(temporaryFolder(), "missing");
    await expect(makeServer().listen(join(folder, "app.sock"))).rejects.toMatchObject({
      code: "ERR_LISTEN",
      message: `Cannot listen on unix:${folder}/app.sock: there is no folder ${folder}`,
    });
    // 192.0.2.0/24 is for documentation: no machine has such an address.
    await expect(makeServer({ allowedPeers: "any" }).listen("192.0.2.1:0")).rejects.toMatchObject({
      code: "ERR_LISTEN",
      message:
        "Cannot listen on 192.0.2.1:0: the host is not an address of this machine; choose one that is, or 127.0.0.1",
      cause: { code: "EADDRNOTAVAIL" },
    });
  });

  test("replaces the socket file that a dead process left", async () => {
    const path = join(temporaryFolder(), "app.sock");
    // A socket that is bound and then closed without unlinking its file, as a killed process leaves it.
    const dead = createServer();
    dead.listen(path);
    await once(dead, "listening");
    const { renameSync } = await import("node:fs");
    renameSync(path, `${path}.moved`);
    dead.close();
    await once(dead, "close");
    renameSync(`${path}.moved`, path);
    expect(lstatSync(path).isSocket()).toBe(true);

    const server = makeServer();
    await server.listen(path);
    expect(server.address).toBe(`unix:${path}`);
    await expectServed(server);
  });

  test("does not replace the socket of a live process", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const live = makeServer();
    await live.listen(path);

    await expect(makeServer().listen(path)).rejects.toMatchObject({
      code: "ERR_ADDRESS_IN_USE",
      message: expect.stringContaining("another process listens"),
    });
    await expectServed(live);
  });

  test.each(["file", "folder"])("does not replace a %s", async (kind) => {
    const path = join(temporaryFolder(), "app.sock");
    if (kind === "file") writeFileSync(path, "precious");
    else mkdirSync(path);

    await expect(makeServer().listen(path)).rejects.toMatchObject({
      code: "ERR_ADDRESS_IN_USE",
      message: expect.stringContaining("not a socket"),
    });
    expect(existsSync(path)).toBe(true);
  });

  test.each([
    [undefined, 0o660],
    [0o600, 0o600],
    [0o666, 0o666],
    [0o777, 0o777],
  ])("a unix socket with mode %o has mode %o, for any umask", async (given, mode) => {
    for (const umask of [0, 0o077, 0o777]) {
      const previous = process.umask(umask);
      try {
        const path = join(temporaryFolder(), "app.sock");
        const server = makeServer({ socketAccess: { mode: given } });
        const listening = server.listen(path);
        // It is bound by now, and has that mode before anything else could happen.
        expect(lstatSync(path).mode & 0o777).toBe(mode);
        await listening;
        expect(process.umask()).toBe(umask);
      } finally {
        process.umask(previous);
      }
    }
  });

  test("a unix socket has the given owner and group, by number or by name", async () => {
    for (const socketAccess of [
      { owner: 1, group: 2 },
      { owner: "daemon", group: "bin" },
    ]) {
      const path = join(temporaryFolder(), "app.sock");
      await makeServer({ socketAccess }).listen(path);

      expect(lstatSync(path)).toMatchObject({ uid: 1, gid: 2 });
    }
  });

  test("an unknown owner is an error, and nothing is bound", async () => {
    const path = join(temporaryFolder(), "app.sock");

    await expect(makeServer({ socketAccess: { owner: "nobody-here" } }).listen(path)).rejects.toMatchObject({
      code: "ERR_SOCKET_ACCESS",
    });
    expect(existsSync(path)).toBe(false);
  });

  test("does not change the mode of a socket that another process listens on", async () => {
    const path = join(temporaryFolder(), "app.sock");
    await makeServer({ socketAccess: { mode: 0o600 } }).listen(path);
    await expect(makeServer({ socketAccess: { mode: 0o666 } }).listen(path)).rejects.toThrow("Cannot listen");

    expect(lstatSync(path).mode & 0o777).toBe(0o600);
  });

  test("removes its socket file when it closes", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const server = makeServer();
    await server.listen(path);
    await server.close();

    expect(existsSync(path)).toBe(false);
  });
});

describe("Server and its peers (section 3.2)", () => {
  test.each(["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.invalid:0"])(
    "does not listen on %s without allowed peers",
    async (address) => {
      await expect(makeServer().listen(address)).rejects.toMatchObject({ code: "ERR_ALLOWED_PEERS" });
    },
  );

  test.each([{ allowedPeers: ["127.0.0.1"] }, { allowedPeers: "any" as const }])(
    "listens on all interfaces with %o",
    async (options) => {
      const server = makeServer(options);
      await server.listen("0.0.0.0:0");

      expect(server.port).toBeGreaterThan(0);
    },
  );

  test("a peer that is not allowed is disconnected and logged", async () => {
    const { connect, log } = await serveDefinitions([hello], { server: { allowedPeers: ["192.0.2.1"] } });
    const peer = await connect();
    peer.send(get(1, "/hello"));
    await peer.closedByApplication().catch(() => undefined);

    expect(peer.bytesRead).toBe(0);
    expect(log).toContainEqual(expect.objectContaining({ code: "ERR_PEER_NOT_ALLOWED", peer: "127.0.0.1" }));
  });

  test("FCGI_WEB_SERVER_ADDRS is the default", async () => {
    vi.stubEnv("FCGI_WEB_SERVER_ADDRS", "192.0.2.1,192.0.2.2");
    const { connect } = await serveDefinitions([hello]);
    const refused = await connect();
    await refused.closedByApplication().catch(() => undefined);
    expect(refused.bytesRead).toBe(0);

    const { connect: connectAllowed } = await serveDefinitions([hello], {
      server: { allowedPeers: ["127.0.0.0/8"] },
    });
    expect((await (await connectAllowed()).send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });

  test("FCGI_WEB_SERVER_ADDRS does not apply to unix sockets", async () => {
    vi.stubEnv("FCGI_WEB_SERVER_ADDRS", "192.0.2.1");
    const { connect } = await serveDefinitions([hello], { over: "unix" });

    expect((await (await connect()).send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });

  test.each(["", " , ", "localhost", "127.0.0.1,nonsense"])(
    "FCGI_WEB_SERVER_ADDRS of %j prevents the start",
    (value) => {
      vi.stubEnv("FCGI_WEB_SERVER_ADDRS", value);

      expect(() => makeServer()).toThrow(expect.objectContaining({ code: "ERR_ALLOWED_PEERS" }));
    },
  );

  test("connections above the limit are closed", async () => {
    const { connect, server } = await serveDefinitions([hello], { server: { limits: { connections: 2 } } });
    const peers = [await connect(), await connect()];
    for (const peer of peers) await peer.roundTrip();
    const third = await connect();
    await third.closedByApplication().catch(() => undefined);
    expect(server.openConnections).toBe(2);
    peers[0]!.destroy();
    await peers[0]!.closed();
    await peers[1]!.roundTrip();

    expect((await (await connect()).send(get(1, "/hello")).answer(1)).text).toBe("hello");
  });
});

describe("Server.close", () => {
  test("closes idle connections at once and accepts no more", async () => {
    // The clock stands still, so nothing is awaited. A connection without a request yet gets time: see closing.test.ts.
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { connect, server } = await serveDefinitions([hello], {
      server: { timeouts: { shutdown: 60_000 } },
    });
    const peers = [await connect(), await connect()];
    for (const peer of peers) await peer.send(get(1, "/hello")).answer(1);
    await server.close();

    for (const peer of peers) await peer.closedByApplication();
    await expect(WebServerPeer.connect(server.address || "127.0.0.1:1")).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(server.openConnections).toBe(0);
  });

  test("lets active requests finish, answers and streams", async () => {
    const later = deferred<string>();
    const more = deferred();
    const { connect, server } = await serveDefinitions(
      [
        responder({
          "GET /later": () => later.promise,
          "GET /stream": async function* () {
            yield "first ";
            await more.promise;
            yield "last";
          },
          "POST /upload": ({ body }) => body.text(),
        }),
      ],
      { server: { timeouts: { shutdown: 60_000 } } },
    );
    const [one, two, three] = [await connect(), await connect(), await connect()];
    one.send(get(1, "/later"));
    two.send(get(1, "/stream"));
    three.send(
      begin(1),
      params(1, variablesOf("/upload", { REQUEST_METHOD: "POST" })),
      record(Type.stdin, 1, "half "),
    );
    for (const peer of [one, two, three]) await peer.roundTrip();
    const closed = server.close();
    expect(server.close()).toBe(closed);
    later.resolve("in time");
    more.resolve();
    three.send(record(Type.stdin, 1, "whole"), record(Type.stdin, 1));

    expect((await one.answer(1)).text).toBe("in time");
    expect((await two.answer(1)).text).toBe("first last");
    expect((await three.answer(1)).text).toBe("half whole");
    for (const peer of [one, two, three]) await peer.closedByApplication();
    await closed;
  });

  test("answers hanging requests after the shutdown time-out as their role requires", async () => {
    const reasons: unknown[] = [];
    const { connect, server } = await serveDefinitions(
      [
        responder({
          "GET /hang": never,
          "GET /listen": ({ signal }) => {
            signal.addEventListener("abort", () => reasons.push((signal.reason as { code: string }).code));
            return never();
          },
          "GET /stream": async function* () {
            yield "first ";
            await never();
          },
        }),
        { kind: "authorizer", name: "Hangs", paths: [], authorize: never },
        { kind: "filter", name: "Hangs", paths: ["*"], filter: never },
      ],
      { server: { timeouts: { shutdown: 1 } } },
    );
    const [one, two] = [await connect(), await connect()];
    const file = variablesOf("/file", { FCGI_DATA_LENGTH: "1" });
    one.send(get(1, "/hang"), get(2, "/listen"), authorize(3, "/x"), begin(4, 3), params(4, file));
    one.send(begin(5), begin(6, 2));
    two.send(get(1, "/stream"));
    await one.roundTrip();
    await two.roundTrip();
    const closed = server.close();

    for (const id of [1, 2, 3, 4, 5, 6]) expect((await one.answer(id)).status).toBe(503);
    expect(reasons).toEqual(["ERR_ABORTED_SHUTDOWN"]);
    await one.closedByApplication();
    await two.closedByApplication();
    expect(two.unfinished(1).some(({ type }) => type === Type.end)).toBe(false);
    one.end();
    two.end();
    await closed;
    expect(server.activeRequests).toBe(0);
  });

  test("does not wait for peers that never close their side", async () => {
    const { connect, server } = await serveDefinitions([responder({ "GET /hang": never })], {
      server: { timeouts: { shutdown: 1, abortGrace: 1 } },
    });
    const peer = await connect();
    peer.send(begin(1), params(1, variablesOf("/hang")));
    await peer.roundTrip();
    await server.close();

    expect(server.openConnections).toBe(0);
  });

  test("is not delayed long by an authorizer request that was answered without its STDIN", async () => {
    const { connect, server } = await serveDefinitions(
      [{ kind: "authorizer", name: "All", paths: [], authorize: () => allow() }],
      { server: { timeouts: { shutdown: 60_000 } } },
    );
    const peer = await connect();
    await peer.send(authorize(1, "/x")).answer(1);
    const closed = server.close();
    await peer.closedByApplication();
    peer.end();

    await closed;
  });

  test("of a server that never listened completes at once", async () => {
    await makeServer().close();
  });

  test("right after a connection was made leaves nothing open", async () => {
    const { connect, server } = await serveDefinitions([hello]);
    const peer = await connect();
    const closed = server.close();
    peer.send(get(1, "/hello"));
    await closed;
    await peer.closedByApplication().catch(() => undefined);
    await turns();

    expect(server.openConnections).toBe(0);
  });
});
