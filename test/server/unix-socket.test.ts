import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { Dispatcher } from "../../src/roles/dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { Server } from "../../src/server/server.js";
import { letsInOthers } from "../../src/server/socket-access.js";
import { SocketFile } from "../../src/server/socket-file.js";
import { removeStaleSocket } from "../../src/server/stale-socket.js";
import { get } from "../support/records.js";
import { capturedLog, responder, temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { leaveStaleSocket } from "./stale.js";

const hello = responder({ "GET /hello": () => "hello" });

function makeServer(): Server {
  const { log } = capturedLog();
  const server = new Server(new Dispatcher(new Roles([hello], { log })), { log });
  onTestFinished(() => server.close());
  return server;
}

async function expectServed(path: string): Promise<void> {
  const peer = await WebServerPeer.connect(`unix:${path}`);
  expect((await peer.send(get(1, "/hello", { keep: false })).answer(1)).text).toBe("hello");
}

describe("Servers that start at once over a socket file that a dead process left", () => {
  test.each([2, 5])(
    "%d of them: one listens, the others report that the address is in use",
    async (count) => {
      for (let round = 0; round < 20; round += 1) {
        const folder = temporaryFolder();
        const path = join(folder, "app.sock");
        await leaveStaleSocket(path);
        const servers = Array.from({ length: count }, makeServer);
        const starts = await Promise.allSettled(servers.map((server) => server.listen(path)));

        expect(starts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        for (const start of starts) {
          if (start.status === "rejected") expect(start.reason).toMatchObject({ code: "ERR_ADDRESS_IN_USE" });
        }
        await expectServed(path);
        expect(readdirSync(folder)).toEqual(["app.sock"]);
        await Promise.all(servers.map((server) => server.close()));
        expect(readdirSync(folder)).toEqual([]);
      }
    },
  );

  test("a slow one does not remove what another has bound meanwhile", async () => {
    const path = join(temporaryFolder(), "app.sock");
    await leaveStaleSocket(path);
    const slow = removeStaleSocket(path);
    // It has checked the file by now, and waits for an answer.
    unlinkSync(path);
    await makeServer().listen(path);
    await slow.catch(() => undefined);

    await expectServed(path);
  });

  test("one waits while another removes the file, and not for one that was killed during removal", async () => {
    const path = join(temporaryFolder(), "app.sock");
    await leaveStaleSocket(path);
    const claim = join(dirname(path), `.${basename(path)}.${SocketFile.at(path)!.id}`);
    writeFileSync(claim, "");
    await removeStaleSocket(path);
    expect(existsSync(path)).toBe(true);

    utimesSync(claim, 1, 1);
    await removeStaleSocket(path);
    expect(existsSync(path)).toBe(false);
    expect(existsSync(claim)).toBe(false);
  });
});

describe("A server that closes", () => {
  test("leaves a socket file that a newer one has bound in its place", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const [older, newer] = [makeServer(), makeServer()];
    await older.listen(path);
    unlinkSync(path);
    await newer.listen(path);
    await older.close();

    await expectServed(path);
    await newer.close();
    expect(existsSync(path)).toBe(false);
  });

  test("leaves another file that has replaced it", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const server = makeServer();
    await server.listen(path);
    renameSync(path, `${path}.moved`);
    writeFileSync(path, "precious");
    await server.close();

    expect(existsSync(path)).toBe(true);
  });
});

describe("A unix socket", () => {
  test("is bound in a private folder beside it, under a name that disappears with the folder", async () => {
    const folder = temporaryFolder();
    const seen: string[] = [];
    const watcher = watch(folder, (_event, name) => seen.push(String(name)));
    onTestFinished(() => watcher.close());
    await makeServer().listen(join(folder, "app.sock"));
    await expect.poll(() => seen).toContain("app.sock");

    expect(new Set(seen)).toEqual(new Set([expect.stringMatching(/^\.[A-Za-z0-9]{6}$/), "app.sock"]));
    expect(readdirSync(folder)).toEqual(["app.sock"]);
  });

  test("may have the longest possible path, and leaves nothing beside it", async () => {
    const folder = temporaryFolder();
    const name = "s".repeat(107 - Buffer.byteLength(folder) - 3);
    mkdirSync(join(folder, name));
    const path = join(folder, name, "x");
    expect(Buffer.byteLength(path)).toBe(107);
    const server = makeServer();
    await server.listen(path);

    await expectServed(path);
    expect(readdirSync(dirname(path))).toEqual(["x"]);
    expect(lstatSync(path).mode & 0o777).toBe(0o660);
    await server.close();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test.each([
    [0o022, { mode: 0o660 }, false],
    [0o002, { mode: 0o660 }, false],
    [0o000, { mode: 0o660 }, true],
    [0o000, { mode: 0o666 }, false],
    [0o002, { mode: 0o600 }, true],
    [0o002, { mode: 0o660, group: 7 }, true],
    [0o077, { mode: 0o600, group: 7 }, false],
  ])("bound under the umask %o that becomes %o is briefly open to others: %s", (umask, access, expected) => {
    expect(letsInOthers(umask, { owner: undefined, group: undefined, ...access })).toBe(expected);
  });
});
