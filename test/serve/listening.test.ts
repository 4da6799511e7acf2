// How an application finds out where it shall listen (sections 2.2 and 3.2, and what came after the specification).
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";

import { NodeProcess } from "../support/node-process.js";
import { get } from "../support/records.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { expectHello, lifeOf, logged, plainErrors, shop, socketPath, startShop } from "./support.js";

/** A listening socket that is there to be inherited; what connects to it here is never served. */
async function listeningSocket(...address: [path: string] | [port: number, host: string]): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.listen(...(address as [number, string]));
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return server;
}

/** The descriptor of a server, which Node.js does not tell. */
function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

/** An address of this machine that nobody uses: the loopback network has 16 million. */
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

  test.each(["tcp", "unix"])("takes descriptor 3 where LISTEN_PID is its own: %s", async (kind) => {
    const path = socketPath();
    const socket = await (kind === "tcp" ? listeningSocket(0, "127.0.0.1") : listeningSocket(path));
    // What execs has the process id that the program will have.
    const command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", ...shop()] as const;
    const process = new NodeProcess([...command], {
      env: { LISTEN_FDS: "1" },
      descriptors: [descriptorOf(socket)],
    });

    expect(await process.address()).toBe("fd:3");
    const { port } = (kind === "tcp" ? socket.address() : {}) as AddressInfo;
    // Nobody else accepts any more, so that it is the application that answers.
    socket.close();
    if (kind === "tcp") await expectHello(`127.0.0.1:${port}`);
    await expectStopped(process);
  });

  test("leaves a socket alone that was meant for another process", async () => {
    const socket = await listeningSocket(socketPath());
    const path = socketPath();
    const env = { LISTEN_FDS: "1", LISTEN_PID: "1", TRICORN_LISTEN: path };
    const process = new NodeProcess(shop(), { env, descriptors: [descriptorOf(socket)] });

    expect(await process.address()).toBe(`unix:${path}`);
    await expectHello(`unix:${path}`);
  });
});

describe("serve, started by hand", () => {
  test.each(["", "unix:"])("listens where TRICORN_LISTEN says: %s/…/shop.sock", async (prefix) => {
    const path = socketPath();
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: prefix + path } });
    expect(await process.address()).toBe(`unix:${path}`);
    await expectHello(`unix:${path}`);
    await expectStopped(process);
  });

  test("prefers the address that it is called with", async () => {
    const { process, address } = await startShop({ TRICORN_LISTEN: socketPath() });
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    await expectStopped(process);
  });

  test("listens on 127.0.0.1:9000 where nothing else is said", async () => {
    const process = new NodeProcess(shop(), { env: { TRICORN_LISTEN: "" } });
    // Somebody else may have that port just now.
    await process.line(/Listening on 127\.0\.0\.1:9000 for FastCGI|Cannot listen on 127\.0\.0\.1:9000/);
  });
});

describe("FCGI_WEB_SERVER_ADDRS (section 3.2)", () => {
  test("keeps out a peer that it does not name", async () => {
    const { process, address } = await startShop({ FCGI_WEB_SERVER_ADDRS: "192.0.2.7,192.0.2.8" });
    const peer = await WebServerPeer.connect(address);
    peer.send(get(1, "/hello"));
    await peer.closed().catch(() => undefined);

    expect(peer.bytesRead).toBe(0);
    await process.line(/"code":"ERR_PEER_NOT_ALLOWED"/);
    await expectStopped(process);
  });

  test("lets in a peer that it names, and whoever may open a unix socket", async () => {
    const { address } = await startShop({ FCGI_WEB_SERVER_ADDRS: "192.0.2.7,127.0.0.1" });
    await expectHello(address);
    const { address: path } = await startShop({ FCGI_WEB_SERVER_ADDRS: "192.0.2.7" }, socketPath());
    await expectHello(path);
  });
});

describe("an application that cannot be served", () => {
  /** Runs the shop to its end and tells its first plain line of standard error. */
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
    expect(await failure(peers)).toBe('Cannot restrict peers: "localhost" is no IP address or network');
    expect(peers.output).toEqual([]);
  });

  test("says that its port is taken, and stops what had started", async () => {
    const other = await listeningSocket(0, "127.0.0.1");
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const process = new NodeProcess(shop(address));
    expect(await failure(process)).toBe(
      `Cannot listen on ${address}: listen EADDRINUSE: address already in use ${address}`,
    );
    expect(lifeOf(process).slice(-2)).toEqual(["stop Shop", "stop Stock"]);
  });

  test("says that its unix socket is taken, and leaves it to its owner", async () => {
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

  test("says that a descriptor is no socket", async () => {
    const process = new NodeProcess(shop("fd:77"));
    expect(await failure(process)).toMatch(/^Cannot listen on fd:77: /);
  });
});

test("spawn-fcgi starts an application in the background, where its standard output is lost", async () => {
  const path = socketPath();
  const { stdout } = await promisify(execFile)("spawn-fcgi", ["-s", path, "--", ...shop()]);
  const pid = Number(/child spawned successfully: PID: (\d+)/.exec(stdout)?.[1]);
  try {
    await expectHello(`unix:${path}`);
  } finally {
    process.kill(pid, "SIGTERM");
  }
});
