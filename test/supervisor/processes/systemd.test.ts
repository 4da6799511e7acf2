import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { write } from "../../config/support.js";
import { commandOf } from "../../support/node-process.js";
import { get } from "../../support/records.js";
import { temporaryFolder } from "../../support/served.js";
import { BackgroundProcess } from "../../support/web-servers/background-process.js";
import { WebServerPeer } from "../../support/web-server-peer.js";
import { notifySocket } from "../notify-socket.js";
import { Operated, runTricorn } from "../operated.js";

test("systemd hears that a master is ready, reloads, lives and stops, and no worker can speak to it", async () => {
  const { path, lines } = await notifySocket();
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "100000" };
  const operated = await Operated.start({ env });
  await expect.poll(lines).toContain("READY=1");
  expect(lines()).toContain(`STATUS=2 workers on unix:${operated.socket}`);
  await expect.poll(lines).toContain("WATCHDOG=1");
  expect(JSON.parse(await operated.get("/who"))).toMatchObject({ variables: [] });

  expect((await operated.tricorn("reload")).code).toBe(0);
  await operated.stop();
  const states = lines().filter((line) => /^(?:READY|RELOADING|STOPPING)=/.test(line));
  expect(states).toEqual(["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]);
});

test("systemd hears READY=1 after a reload that fails, because the old version serves on", async () => {
  const { path, lines } = await notifySocket();
  const operated = await Operated.start({ env: { NOTIFY_SOCKET: path } });
  operated.breakVersion();
  expect((await operated.tricorn("reload")).code).toBe(1);
  await expect
    .poll(() => lines().filter((line) => /^(?:READY|RELOADING)=/.test(line)))
    .toEqual(["READY=1", "RELOADING=1", "READY=1"]);
});

test("the watchdog of systemd hears nothing while all workers hang", async () => {
  const { path, lines } = await notifySocket();
  const operated = await Operated.start({
    workers: 1,
    env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" },
  });
  const signs = (): number => lines().filter((line) => line === "WATCHDOG=1").length;
  await expect.poll(signs).toBeGreaterThan(0);
  const peer = await operated.connect();
  peer.send(get(1, "/hang"));
  await expect.poll(async () => (await operated.tricorn("status")).code).toBe(1);
  const before = signs();
  await operated.master.line(/Killed a worker: its event loop has stood still/);
  // Every tenth of a second would have been one.
  expect(signs() - before).toBeLessThanOrEqual(1);
  await expect.poll(signs).toBeGreaterThan(before + 1);
});

test("the generated service starts a master by the first request, and reloads it", async () => {
  const folder = temporaryFolder();
  const [node, main = ""] = commandOf("src/cli/main.ts");
  const [, program = ""] = commandOf("test/supervisor/apps/operated.ts");
  const tricorn = join(folder, "tricorn");
  symlinkSync(main, tricorn);
  const user = process.getuid!() === 0 ? ["--user", "root"] : [];
  const listen = `unix:${join(folder, "app.sock")}`;
  const command = [node, tricorn, "serve", program, "--workers", "2", ...user];
  const [, service] = write("systemd", { name: "books", listen, command }).files;
  // None of these words needs its quotes. systemd would make the folder below /run.
  const words = (name: string): string[] =>
    new RegExp(`^${name}=(.*)$`, "m")
      .exec(service!.text)![1]!
      .replaceAll("/run/books-control", join(folder, "control"))
      .split(" ");
  const started = new BackgroundProcess({
    program: "systemd-socket-activate",
    args: ["-l", join(folder, "app.sock"), ...words("ExecStart")],
    cwd: folder,
    log: join(folder, "log"),
    env: { TRICORN_LOG_LEVEL: "info" },
  });
  onTestFinished(() => started.stop().then(() => undefined));
  await started.line(/Listening on /);
  const answer = async (): Promise<string> => {
    const peer = await WebServerPeer.connect(listen);
    const { text } = await peer.send(get(1, "/")).answer(1);
    peer.destroy();
    return text;
  };
  const first = await answer();
  expect(first).toMatch(/^pid \d+$/);
  await started.line(/Supervising \S+ on fd:3/);
  const [, , ...reload] = words("ExecReload");
  const { code, out } = await runTricorn(reload);
  expect([code, out]).toEqual([0, expect.stringMatching(/^Reloaded 2 workers/)]);
  expect(await answer()).toMatch(/^pid \d+$/);
  expect(await started.stop("SIGTERM")).toBe(0);
});
