// How an application finds its address (sections 2.2 and 3.2, and later conventions).
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { createApplication, serve } from "tricorn";
import { describe, expect, onTestFinished, test } from "vitest";

import { leaveStaleSocket } from "../server/stale.js";
import { commandOf, NodeProcess } from "../support/node-process.js";
import { get } from "../support/records.js";
import { responder } from "../support/routes.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { freePort } from "../support/web-servers/free-port.js";
import { expectHello, lifeOf, logged, plainErrors, shop, socketPath, startShop } from "./support.js";

/** A listening socket to inherit; connections to it here are never served. */
async function listeningSocket(...address: [path: string] | [port: number, host: string]): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(...(address as [number, string]));
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return server;
}

/** The descriptor of a server, which Node.js does not expose. */
function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

/** An unused address of this machine: the loopback network has 16 million. */
function anyLoopbackHost(): string {
  const byte = (): number => 1 + Math.floor(Math.random() * 254);
  return `127.${byte()}.${byte()}.${byte()}`;
}

async function expectStopped(process: NodeProcess): Promise<void> {
  process.kill("SIGTERM");
  expect(await process.ended).toBe(0);
  expect(plainErrors(process)).toEqual([]);
}

describe("serve, started by spawn-fcgi", () => {
  test("takes a unix socket from descriptor 0", async () => {
    const path = socketPath();
    const process = new NodeProcess(["spawn-fcgi", "-n", "-s", path, "--", ...shop()]);
    expect(await process.address()).toBe("fd:0");
    await expectHello(`unix:${path}`);
    await expectStopped(process);
  });

  test("takes a TCP socket from descriptor 0", async () => {
    const host = anyLoopbackHost();
    const process = new NodeProcess(["spawn-fcgi", "-n", "-a", host, "-p", "9000", "--", ...shop()]);
    expect(await process.address()).toBe("fd:0");
    await expectHello(`${host}:9000`);
    await expectStopped(process);
  });

  test("prefers that socket to everything else", async () => {
    const path = socketPath();
    const env = {
      TRICORN_LISTEN: socketPath(),
      LISTEN_FDS: "1",
      GATEWAY_INTERFACE: "CGI/1.1",
      REQUEST_METHOD: "GET",
    };
    const process = new NodeProcess(["spawn-fcgi", "-n", "-s", path, "--", ...shop()], { env });
    expect(await process.address()).toBe("fd:0");
  });
});

describe("serve, started by systemd", () => {
  test("takes the socket that systemd-socket-activate passes on the first connection", async () => {
    const path = socketPath();
    const process = new NodeProcess(["systemd-socket-activate", "-l", path, ...shop()]);
    await process.line(/Listening on .*shop\.sock/);
    await expectHello(`unix:${path}`);
    expect(await process.address()).toBe("fd:3");
    process.kill("SIGTERM");
    expect(await process.ended).toBe(0);
  });

  test.each(["tcp", "unix"])("takes descriptor 3 if LISTEN_PID is its own: %s", async (kind) => {
    const path = socketPath();
    const socket = await (kind === "tcp" ? listeningSocket(0, "127.0.0.1") : listeningSocket(path));
    // exec keeps the process id for the program.
    const command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", ...shop()] as const;
    const process = new NodeProcess([...command], {
      env: { LISTEN_FDS: "1" },
      descriptors: [descriptorOf(socket)],
    });

    expect(await process.address()).toBe("fd:3");
    const { port } = (kind === "tcp" ? socket.address() : {}) as AddressInfo;
    // No other process accepts any more, so the application answers.
    socket.close();
    if (kind === "tcp") await expectHello(`127.0.0.1:${port}`);
    await expectStopped(process);
  });

  test("ignores a socket for another process, and says so", async () => {
    const socket = await listeningSocket(socketPath());
    const path = socketPath();
    const env = { LISTEN_FDS: "1", LISTEN_PID: "1", TRICORN_LISTEN: path };
    const process = new NodeProcess(shop(), { env, descriptors: [descriptorOf(socket)] });

    expect(await process.address()).toBe(`unix:${path}`);
    await expectHello(`unix:${path}`);
    const line = JSON.parse(process.errors.find((text) => text.includes("systemd"))!) as object;
    expect(line).toMatchObject({ level: 40, listenPid: "1", pid: process.pid });
  });

  test("ignores a socket for no process (sd_listen_fds(3))", async () => {
    const socket = await listeningSocket(socketPath());
    const env = { LISTEN_FDS: "1", TRICORN_LISTEN: "127.0.0.1:0" };
    const process = new NodeProcess(shop(), { env, descriptors: [descriptorOf(socket)] });
    expect(await process.address()).toMatch(/^127\.0\.0\.1:/);
  });

  /** The command that receives sockets of these names, and prints its process id before it becomes the shop. */
  function passed(names: string, ...address: readonly string[]): readonly [string, ...string[]] {
    const count = names.split(":").length;
    const variables = `LISTEN_PID=$$ LISTEN_FDS=${count} LISTEN_FDNAMES=${names}`;
    return ["sh", "-c", `${variables} exec "$@"`, "sh", ...shop(...address)];
  }

  test.each([
    ["the address that it is called with", "systemd:admin", {}, ["fd:4"]],
    ["TRICORN_LISTEN", undefined, { TRICORN_LISTEN: "systemd:web" }, ["fd:3", "fd:5"]],
    [
      "TRICORN_LISTEN, with another address",
      undefined,
      { TRICORN_LISTEN: "systemd:web,/socket" },
      ["fd:3", "fd:5", "unix:/socket"],
    ],
  ])("takes the sockets that %s names", async (_what, address, env, expected) => {
    const paths = [socketPath(), socketPath(), socketPath()];
    const sockets = await Promise.all(paths.map((path) => listeningSocket(path)));
    const own = socketPath();
    const variables = Object.entries(env).map(([name, value]) => [name, value.replace("/socket", own)]);
    const process = new NodeProcess(passed("web:admin:web", ...(address === undefined ? [] : [address])), {
      env: Object.fromEntries(variables) as Record<string, string>,
      descriptors: sockets.map(descriptorOf),
    });
    for (const each of expected)
      await process.line(new RegExp(`Listening on ${each.replace("/socket", own)} for`));
    // No other process accepts any more; the files are removed with it.
    for (const path of paths) renameSync(path, `${path}.kept`);
    for (const socket of sockets) socket.close();
    for (const each of expected) {
      const index = Number(/^fd:(\d)/.exec(each)?.[1] ?? 0) - 3;
      await expectHello(`unix:${index < 0 ? own : `${paths[index]}.kept`}`);
    }
    expect(logged(process)).toHaveLength(expected.length);
    await expectStopped(process);
  });

  test("lists the available names if one is missing", async () => {
    const socket = await listeningSocket(socketPath());
    const process = new NodeProcess(passed("web", "systemd:wbe"), { descriptors: [descriptorOf(socket)] });
    expect(await process.ended).toBe(1);
    expect(plainErrors(process)).toContain(
      "Cannot listen on systemd:wbe: systemd passed no socket of that name to this process; it passed web",
    );
  });

  test("says that a passed descriptor is not a listening socket, as with Accept=yes", async () => {
    const process = new NodeProcess(passed("connection"), { descriptors: ["pipe"] });
    expect(await process.ended).toBe(1);
    expect(plainErrors(process).join("\n")).toMatch(
      /Cannot listen on fd:3: the descriptor is not a listening socket/,
    );
  });
});

describe("serve, started by hand", () => {
  test.each(["", "unix:"])("listens at TRICORN_LISTEN: %s/…/shop.sock", async (prefix) => {
    const path = socketPath();
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: prefix + path } });
    expect(await process.address()).toBe(`unix:${path}`);
    await expectHello(`unix:${path}`);
    await expectStopped(process);
  });

  test("listens on each address in TRICORN_LISTEN, as one server", async () => {
    const path = socketPath();
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: `${path}, 127.0.0.1:0 ,[::1]:0` } });
    const addresses = await Promise.all(
      [`unix:${path}`, String.raw`127\.0\.0\.1:\d+`, String.raw`\[::1\]:\d+`].map(async (address) => {
        const [, found] = await process.line(new RegExp(`Listening on (${address}) for FastCGI`));
        return found!;
      }),
    );
    for (const address of addresses) await expectHello(address);
    await expectStopped(process);
    expect(existsSync(path)).toBe(false);
  });

  test("prefers the address of the call", async () => {
    const { process, address } = await startShop({ TRICORN_LISTEN: socketPath() });
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    await expectStopped(process);
  });

  test("listens on 127.0.0.1:9000 by default", async () => {
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: "" } });
    // Another process may be using that port.
    await process.line(/Listening on 127\.0\.0\.1:9000 for FastCGI|Cannot listen on 127\.0\.0\.1:9000/);
  });
});

describe("FCGI_WEB_SERVER_ADDRS (section 3.2)", () => {
  test("refuses a peer that it does not name", async () => {
    const { process, address } = await startShop({ FCGI_WEB_SERVER_ADDRS: "192.0.2.7,192.0.2.8" });
    const peer = await WebServerPeer.connect(address);
    peer.send(get(1, "/hello"));
    await peer.closed().catch(() => undefined);

    expect(peer.bytesRead).toBe(0);
    await process.line(/"code":"ERR_PEER_NOT_ALLOWED"/);
    await expectStopped(process);
  });

  test("accepts a peer that it names, and peers of a unix socket", async () => {
    const { address } = await startShop({ FCGI_WEB_SERVER_ADDRS: "192.0.2.7,127.0.0.1" });
    await expectHello(address);
    const { address: path } = await startShop({ FCGI_WEB_SERVER_ADDRS: "192.0.2.7" }, socketPath());
    await expectHello(path);
  });
});

describe("an inherited TCP socket", () => {
  const env = { PATH: globalThis.process.env["PATH"] ?? "" };

  /** spawn-fcgi binds all interfaces if only a port is given. */
  async function spawned(
    more: Readonly<Record<string, string>>,
  ): Promise<{ process: NodeProcess; port: number }> {
    const port = await freePort();
    return {
      port,
      process: new NodeProcess(["spawn-fcgi", "-n", "-p", String(port), "--", ...shop()], {
        env: { ...env, ...more },
      }),
    };
  }

  test("that other machines can reach is not served unless allowed peers are declared", async () => {
    const { process, port } = await spawned({});
    expect(await process.ended).toBe(1);
    expect(plainErrors(process).join("\n")).toContain(
      "Cannot listen on fd:0, which is bound to 0.0.0.0: every host that reaches it could connect; name the Web servers in allowedPeers or FCGI_WEB_SERVER_ADDRS",
    );
    await expect(WebServerPeer.connect(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test.each(["[::]", "0.0.0.0"])("that systemd bound to %s is not served either", async (host) => {
    const port = await freePort();
    const listen = ["systemd-socket-activate", "-l", `${host}:${port}`] as const;
    const process = new NodeProcess([...listen, ...shop()], { env });
    await process.line(/Listening on/);
    const peer = await WebServerPeer.connect(`127.0.0.1:${port}`);
    expect(await process.ended).toBe(1);
    expect(plainErrors(process).join("\n")).toContain("every host that reaches it could connect");
    expect(peer.bytesRead).toBe(0);
  });

  test("that is bound to this machine needs no allowed peers", async () => {
    const port = await freePort();
    const listen = ["systemd-socket-activate", "-l", `127.0.0.1:${port}`] as const;
    const process = new NodeProcess([...listen, ...shop()], { env });
    await process.line(/Listening on/);
    await expectHello(`127.0.0.1:${port}`);
    process.kill("SIGTERM");
    expect(await process.ended).toBe(0);
  });

  test.each([
    ["127.0.0.1", true],
    ["192.0.2.1", false],
  ])("accepts the peers in FCGI_WEB_SERVER_ADDRS: %s, and so this machine: %s", async (peers, isAllowed) => {
    const { process, port } = await spawned({ FCGI_WEB_SERVER_ADDRS: peers });
    expect(await process.address()).toBe("fd:0");
    if (isAllowed) {
      await expectHello(`127.0.0.1:${port}`);
    } else {
      const peer = await WebServerPeer.connect(`127.0.0.1:${port}`);
      peer.send(get(1, "/hello"));
      await peer.closedByApplication().catch(() => undefined);
      expect(peer.bytesRead).toBe(0);
    }
    await expectStopped(process);
  });
});

describe("a unix socket", () => {
  // The backlog is 511 by default in Node.js, 1024 in spawn-fcgi, 4096 in this server.
  test.each(["that it bound", "on descriptor 0", "on descriptor 3"])(
    "%s accepts a burst of connections while a handler computes",
    async (kind) => {
      const folder = temporaryFolder();
      const path = join(folder, "app.sock");
      const env = { BUSY_BEGUN: join(folder, "begun"), BUSY_ENOUGH: join(folder, "enough") };
      const command = commandOf("test/serve/apps/busy.ts");
      const held = kind === "on descriptor 3" ? await listeningSocket(path) : undefined;
      const process =
        kind === "on descriptor 0"
          ? new NodeProcess(["spawn-fcgi", "-n", "-s", path, "--", ...command], { env })
          : new NodeProcess([...command, held === undefined ? path : "fd:3"], {
              env,
              descriptors: held === undefined ? [] : [descriptorOf(held)],
            });
      await process.address();
      if (held !== undefined) {
        // No other process accepts any more. Node.js removes the file that it has bound.
        renameSync(path, `${path}.kept`);
        held.close();
        renameSync(`${path}.kept`, path);
      }
      const busy = await WebServerPeer.connect(`unix:${path}`);
      busy.send(get(1, "/busy", { keep: false }));
      await expect.poll(() => existsSync(env.BUSY_BEGUN)).toBe(true);
      const burst = Array.from({ length: 1_500 }, () => connect(path));
      onTestFinished(() => burst.forEach((socket) => socket.destroy()));
      await Promise.all(burst.map((socket) => once(socket, "connect")));
      writeFileSync(env.BUSY_ENOUGH, "");

      expect((await busy.answer(1)).text).toBe("busy");
    },
  );

  test("that a dead process left is taken over by one of several that start at once", async () => {
    const path = socketPath();
    await leaveStaleSocket(path);
    const processes = Array.from({ length: 3 }, () => new NodeProcess(shop(path)));
    const ended: NodeProcess[] = [];
    for (const process of processes) void process.ended.then(() => ended.push(process));
    await expect.poll(() => ended).toHaveLength(2);
    await expectHello(`unix:${path}`);
    for (const process of ended) {
      expect(await process.ended).toBe(1);
      expect(plainErrors(process).join("\n")).toContain(
        `Cannot listen on ${path}: another process listens on it`,
      );
    }
    const last = processes.find((process) => !ended.includes(process));
    last!.kill("SIGTERM");
    expect(await last!.ended).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});

describe("serve, called with several addresses", () => {
  const application = () =>
    createApplication({
      controllers: [],
      definitions: [responder({ "GET /hello": () => "hello " })],
      log: pino({ enabled: false }),
    });
  const options = { signals: false, timeouts: { shutdown: 0 } };

  test("returns all of them in one text, which TRICORN_LISTEN accepts, and closes all of them", async () => {
    const path = socketPath();
    const served = await serve(application(), [0, path, { host: "::1", port: 0 }], options);
    const addresses = served.address.split(", ");
    expect(addresses).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      `unix:${path}`,
      expect.stringMatching(/^\[::1\]:\d+$/),
    ]);
    for (const address of addresses) await expectHello(address);
    await served.close();
    for (const address of addresses) {
      await expect(WebServerPeer.connect(address)).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:ECONNREFUSED|ENOENT)$/) as string,
      });
    }
  });

  test("limits connections across all of them", async () => {
    const served = await serve(application(), [0, socketPath()], { ...options, limits: { connections: 1 } });
    const [one = "", other = ""] = served.address.split(", ");
    const first = await WebServerPeer.connect(one);
    await first.roundTrip();
    const second = await WebServerPeer.connect(other);
    await second.closedByApplication().catch(() => undefined);
    expect((await first.send(get(1, "/hello")).answer(1)).text).toBe("hello ");
    await served.close();
  });

  test("rejects if one cannot be listened on, and closes the others", async () => {
    const path = socketPath();
    const rejected = serve(application(), [path, path], options);
    await expect(rejected).rejects.toMatchObject({ code: "ERR_ADDRESS_IN_USE" });
    expect(existsSync(path)).toBe(false);
    await expect(serve(application(), [], options)).rejects.toMatchObject({ code: "ERR_ADDRESS" });
  });

  test("rejects a descriptor in use by this process", async () => {
    const socket = await listeningSocket(0, "127.0.0.1");
    const served = serve(application(), `fd:${descriptorOf(socket)}`, options);
    await expect(served).rejects.toMatchObject({
      code: "ERR_LISTEN",
      message: `Cannot listen on fd:${descriptorOf(socket)}: this process uses the descriptor already`,
    });
  });
});

describe("an application that cannot be served", () => {
  /** Runs the shop to its end and returns the first plain line of its standard error. */
  async function failure(process: NodeProcess): Promise<string | undefined> {
    expect(await process.ended).toBe(1);
    expect(logged(process)).toEqual([]);
    return plainErrors(process).find((line) => line !== "");
  }

  test("says what is wrong with its address before anything has started", async () => {
    const process = new NodeProcess(shop("nonsense"));
    expect(await failure(process)).toBe(
      'Cannot parse address: "nonsense" is not one of 9000, host:9000, [::1]:9000, unix:/path, /path, fd:0',
    );
    expect(lifeOf(process)).toEqual([]);
  });

  test("says what is wrong with its environment before anything has started", async () => {
    const peers = new NodeProcess(shop("127.0.0.1:0"), { env: { FCGI_WEB_SERVER_ADDRS: "localhost" } });
    expect(await failure(peers)).toBe('Cannot restrict peers: "localhost" is not an IP address or network');
    expect(peers.output).toEqual([]);
  });

  test("says that its port is in use, and stops what had started", async () => {
    const other = await listeningSocket(0, "127.0.0.1");
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const process = new NodeProcess(shop(address));
    expect(await failure(process)).toBe(
      `Cannot listen on ${address}: another program listens there; stop it, or choose another port`,
    );
    expect(lifeOf(process).slice(-2)).toEqual(["stop Shop", "stop Stock"]);
  });

  test("says that its unix socket is in use, and does not remove it", async () => {
    const path = socketPath();
    await startShop({}, path);
    expect(await failure(new NodeProcess(shop(path)))).toBe(
      `Cannot listen on ${path}: another process listens on it`,
    );
    await expectHello(`unix:${path}`);
  });

  test("says that the folder of its unix socket is missing", async () => {
    const process = new NodeProcess(shop("/no-such-folder/shop.sock"));
    expect(await failure(process)).toContain(
      "Cannot listen on unix:/no-such-folder/shop.sock: there is no folder /no-such-folder",
    );
  });

  test("says which onStart failed and why, and stops what had started before", async () => {
    const process = new NodeProcess(shop("127.0.0.1:0"), { env: { FAIL: "onStart" } });
    expect(await failure(process)).toBe("Cannot start application: onStart of Shop failed: the key is lost");
    expect(lifeOf(process)).toEqual(["start Stock", "start Shop with Stock", "stop Stock"]);
  });

  test.each([
    ["is taken", "ERR_ADDRESS_IN_USE"],
    ["cannot be read", "ERR_ADDRESS"],
  ])("leaves nothing open if one of its addresses %s", async (_what, code) => {
    const taken = await listeningSocket(0, "127.0.0.1");
    const bad = code === "ERR_ADDRESS" ? "nonsense" : `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const paths = [socketPath(), socketPath()];
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: `${paths[0]},${bad},${paths[1]}` } });
    expect(await failure(process)).toMatch(/^Cannot (?:listen on 127|parse address: "nonsense")/);
    expect(paths.map((path) => existsSync(path))).toEqual([false, false]);
    const begun =
      code === "ERR_ADDRESS" ? [] : ["start Stock", "start Shop with Stock", "stop Shop", "stop Stock"];
    expect(lifeOf(process)).toEqual(begun);
  });

  test("says that a descriptor is not a socket", async () => {
    const process = new NodeProcess(shop("fd:77"));
    expect(await failure(process)).toMatch(/^Cannot listen on fd:77: /);
  });
});

test("spawn-fcgi starts an application in the background, where its standard output is closed", async () => {
  const path = socketPath();
  const { stdout } = await promisify(execFile)("spawn-fcgi", ["-s", path, "--", ...shop()]);
  const pid = Number(/child spawned successfully: PID: (\d+)/.exec(stdout)?.[1]);
  try {
    await expectHello(`unix:${path}`);
  } finally {
    process.kill(pid, "SIGTERM");
  }
});
