import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { askMaster } from "../../../src/supervisor/control-client.js";
import { get } from "../../support/records.js";
import { temporaryFolder } from "../../support/served.js";
import { WebServerPeer } from "../../support/web-server-peer.js";
import { notifySocket } from "../notify-socket.js";
import { Operated, type CommandResult } from "../operated.js";

/** What the status listener answers to a health check. */
async function check(address: string): Promise<string> {
  const peer = await WebServerPeer.connect(`unix:${address}`);
  const { head, text } = await peer.send(get(1, "/ping", { params: { SCRIPT_NAME: "/ping" } })).answer(1);
  peer.destroy();
  return `${/^Status: (\d+)/.exec(head)?.[1]} ${text}`;
}

const stopped: CommandResult = { code: 0, out: "", err: "" };

test("a master that drains answers 503 to health checks, serves on, and refuses to reload", async () => {
  const status = join(temporaryFolder(), "status.sock");
  const operated = await Operated.start({ args: ["--status-listen", status] });
  expect(await check(status)).toBe("200 pong\n");
  expect(await operated.tricorn("ping")).toEqual({ code: 0, out: "pong\n", err: "" });
  const [worker] = await operated.workers();

  const first = operated.tricorn("stop", "--drain", "600");
  await operated.master.line(/"drain":600000,"msg":"Draining"/);
  expect(await check(status)).toBe("503 draining\n");
  expect(await operated.tricorn("ping")).toEqual({ code: 1, out: "draining\n", err: "" });
  const { code, out } = await operated.tricorn("status");
  expect([code, out]).toEqual([0, expect.stringMatching(/^state: {10}draining, stops in \d{3} s$/m)]);
  expect(await operated.get("/")).toMatch(/^pid \d+$/);
  const reload = await operated.tricorn("reload");
  expect([reload.code, reload.err]).toEqual([
    1,
    expect.stringMatching(/^tricorn: Cannot control master: it drains, and stops in \d{3} s$/m),
  ]);
  operated.master.kill("SIGHUP");
  await operated.master.line(/"msg":"Cannot reload: The supervisor drains, and then stops"/);
  // It is still replaced.
  process.kill(worker!.pid, "SIGKILL");
  await expect
    .poll(async () => (await operated.workers()).filter(({ state }) => state === "ready"))
    .toHaveLength(2);

  // Its last request is finished.
  const peer = await operated.connect();
  peer.send(get(1, "/wait/x"));
  await expect.poll(async () => (await operated.tricorn("status")).out).toContain("/wait/x");
  const second = operated.tricorn("stop");
  await operated.master.line(/"msg":"Stopping"/);
  expect((await operated.tricorn("ping")).out).toBe("stopping\n");
  // One that asks for a drain ends nothing at once.
  const path = operated.control;
  const third = askMaster({ path, request: { command: "stop", drain: 1_000 } }, { untilClosed: true });
  // Answered, so the one before has arrived too.
  await askMaster({ path, request: { command: "ping" } });
  operated.release();
  expect((await peer.answer(1)).text).toMatch(/^released /);
  expect(await Promise.all([first, second, third])).toEqual([stopped, stopped, { kind: "stopping" }]);
  expect(await operated.master.ended).toBe(0);
  await operated.processes.gone();
});

test("a drain ends by itself, not before its time", async () => {
  const operated = await Operated.start({ workers: 1 });
  const begun = performance.now();
  const draining = operated.tricorn("stop", "--drain", "0.7");
  await operated.master.line(/"msg":"Draining"/);
  expect(await operated.get("/")).toMatch(/^pid \d+$/);
  await operated.master.line(/"msg":"Stopping"/);
  expect(performance.now() - begun).toBeGreaterThan(700);
  expect(await draining).toEqual(stopped);
  expect(await operated.master.ended).toBe(0);
  await operated.processes.gone();
});

test("with --drain, SIGTERM drains, a second one stops, and systemd hears both", async () => {
  const { path, lines } = await notifySocket();
  const operated = await Operated.start({
    workers: 1,
    args: ["--drain", "600"],
    env: { NOTIFY_SOCKET: path },
  });
  operated.master.kill("SIGTERM");
  await operated.master.line(/"drain":600000,"msg":"Draining"/);
  expect((await operated.tricorn("ping")).out).toBe("draining\n");
  await expect.poll(lines).toContain("STATUS=Draining");
  expect(lines()).not.toContain("STOPPING=1");
  await operated.stop();
  expect(lines()).toContain("STOPPING=1");
});

test("with --drain, tricorn stop --drain 0 stops at once", async () => {
  const operated = await Operated.start({ workers: 1, args: ["--drain", "600"] });
  expect(await operated.tricorn("stop", "--drain", "0")).toEqual(stopped);
  expect(await operated.master.ended).toBe(0);
});

test("SIGTERM ends a master whose workers start, although it is to drain", async () => {
  const operated = new Operated({ args: ["--drain", "600"] });
  await expect.poll(() => existsSync(operated.control)).toBe(true);
  await operated.stop();
});
