import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

import { get } from "../../support/records.js";
import { temporaryFolder } from "../../support/served.js";
import { WebServerPeer } from "../../support/web-server-peer.js";
import { Operated, runTricorn } from "../operated.js";

test("tricorn status shows the workers and what they do, without queries", async () => {
  const operated = await Operated.start();
  const peer = await operated.connect();
  peer.send(get(1, "/wait/ada?password=s3cret", { params: { HTTP_COOKIE: "id=s3cret" } }));
  await expect
    .poll(async () => (await operated.tricorn("status")).out)
    .toContain("responder GET /wait/ada\n");

  const { code, out, err } = await operated.tricorn("status");
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(
    /^program: {8}\/\S+operated\.mjs\npid: {12}\d+\nstate: {10}serving\naddress: {8}unix:\S+app\.sock\n/,
  );
  expect(out).toContain("workers:        2 ready\n");
  expect(out).not.toContain("s3cret");
  const json = JSON.parse((await operated.tricorn("status", "--json")).out);
  expect(json).toMatchObject({ pid: operated.master.pid, isStopping: false, lastReloads: [] });
  expect(json.workers).toHaveLength(2);
  expect(JSON.stringify(json)).not.toContain("s3cret");
  operated.release();
  expect((await peer.answer(1)).text).toMatch(/^released /);
  await operated.stop();
});

test("tricorn reload replaces the workers, and status remembers it", async () => {
  const operated = await Operated.start();
  const before = await operated.workers();
  const { code, out } = await operated.tricorn("reload");
  expect(code).toBe(0);
  expect(out).toMatch(/^Reloaded 2 workers in \d+\.\d s, generation 1\n$/);
  const pids = before.map(({ pid }) => pid);
  const ready = (await operated.workers()).filter(({ state }) => state === "ready");
  expect(ready).toHaveLength(2);
  for (const { pid } of ready) expect(pids).not.toContain(pid);
  expect((await operated.tricorn("status")).out).toMatch(
    /^reload: {9}\S+, \d+\.\d s, generation 1, 2 replaced, ok$/m,
  );
});

test("tricorn reload --wait returns when the last old worker is gone", async () => {
  const operated = await Operated.start();
  const peer = await operated.connect();
  peer.send(get(1, "/wait/x"));
  await expect.poll(async () => (await operated.tricorn("status")).out).toContain("/wait/x");
  let isOver = false;
  const waiting = operated.tricorn("reload", "--wait").then((result) => {
    isOver = true;
    return result;
  });
  await operated.master.line(/"msg":"Reloaded"/);
  // Asked and answered after the reload.
  expect((await operated.workers()).map(({ state }) => state)).toContain("leaving");
  expect(isOver).toBe(false);
  operated.release();
  expect((await peer.answer(1)).text).toMatch(/^released /);
  expect((await waiting).out).toMatch(/generation 1; the old ones are gone\n$/);
  expect((await operated.workers()).map(({ state }) => state)).toEqual(["ready", "ready"]);
});

test("tricorn reload fails with the file, the line and the sentence if the new version does not start", async () => {
  const operated = await Operated.start();
  const before = await operated.workers();
  operated.breakVersion();
  const began = performance.now();
  const { code, out, err } = await operated.tricorn("reload");
  expect(performance.now() - began).toBeLessThan(10_000);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toMatch(
    /^tricorn: Cannot reload: TypeError: The table of prices is missing\n {4}at \/\S+operated\.mjs:\d+\n/,
  );
  expect(err).toContain(
    "\n    The old version serves on.\n    ERR_WORKER_START: see tricorn/docs/errors.md#err_worker_start\n",
  );
  expect((await operated.workers()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
  expect(await operated.get("/")).toMatch(/^pid /);
  // Only the log and the control socket say why.
  expect((await operated.tricorn("status")).out).toContain(
    "failed: TypeError: The table of prices is missing",
  );
});

test("tricorn serve says why a program does not start, with the file and the line, and leaves nothing", async () => {
  const operated = new Operated({ prepare: (folder) => writeFileSync(join(folder, "broken"), "") });
  expect(await operated.master.ended).toBe(1);
  expect(operated.master.errors.slice(-3)).toEqual([
    expect.stringMatching(/^tricorn: Cannot start \S+: TypeError: The table of prices is missing$/),
    expect.stringMatching(/^ {4}at \/\S+operated\.mjs:\d+$/),
    "    ERR_WORKER_START: see tricorn/docs/errors.md#err_worker_start",
  ]);
  await operated.processes.gone();
  expect([existsSync(operated.socket), existsSync(operated.control)]).toEqual([false, false]);
});

test("SIGTERM ends a master whose workers start, and leaves nothing", async () => {
  const operated = new Operated();
  await expect.poll(() => existsSync(operated.control)).toBe(true);
  await operated.stop();
});

test("tricorn stop returns when the master is gone, after its requests", async () => {
  const operated = await Operated.start();
  const peer = await operated.connect();
  peer.send(get(1, "/wait/x"));
  await expect.poll(async () => (await operated.tricorn("status")).out).toContain("/wait/x");
  const stopped = operated.tricorn("stop");
  await operated.master.line(/"msg":"Stopping"/);
  operated.release();
  expect((await peer.answer(1)).text).toMatch(/^released /);
  expect(await stopped).toEqual({ code: 0, out: "", err: "" });
  expect(await operated.master.ended).toBe(0);
  await operated.processes.gone();
  expect([existsSync(operated.socket), existsSync(operated.control)]).toEqual([false, false]);
  const { code, err } = await operated.tricorn("status");
  expect(code).toBe(1);
  expect(err).toBe(
    `tricorn: Cannot control master: no master listens on ${operated.control}\n` +
      "    ERR_NO_MASTER: see tricorn/docs/errors.md#err_no_master\n",
  );
});

test("the commands find the master by its pid file", async () => {
  const folder = temporaryFolder();
  // Where systemd would have it.
  const env = { RUNTIME_DIRECTORY: folder };
  const pidFile = join(folder, "app.pid");
  const operated = await Operated.start({ env, args: ["--pid-file", pidFile], control: "" });
  const { pid } = operated.master;
  expect(readFileSync(pidFile, "utf8")).toBe(`${pid}\n`);
  const path = join(folder, `control/${pid}.sock`);
  expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700]);
  const { out } = await runTricorn(["status", "--json", "--pid-file", pidFile], { env });
  expect(JSON.parse(out)).toMatchObject({ pid });
  await operated.stop();
  expect([existsSync(pidFile), existsSync(path)]).toEqual([false, false]);
});

test("no socket and no process is left of a master whose control socket is not safe, or in use", async () => {
  const operated = await Operated.start();
  const open = temporaryFolder();
  const other = new Operated({ control: join(open, "..", "master.sock") });
  expect(await other.master.ended).toBe(1);
  expect(other.master.errors.join("\n")).toContain("ERR_CONTROL_FOLDER");
  await other.processes.gone();
  expect(existsSync(other.socket)).toBe(false);
  const taken = new Operated({ args: ["--pid-file", join(open, "none/app.pid")] });
  expect(await taken.master.ended).toBe(1);
  expect(taken.master.errors.join("\n")).toContain("Cannot write pid file");
  await taken.processes.gone();
  expect([existsSync(taken.socket), existsSync(taken.control)]).toEqual([false, false]);
  const same = new Operated({ control: operated.control });
  expect(await same.master.ended).toBe(1);
  expect(same.master.errors.join("\n")).toContain("another process listens on it");
  await same.processes.gone();
  expect(existsSync(same.socket)).toBe(false);
});

test.each([
  [["status", "--wait"], "Unknown option '--wait'"],
  [["reload", "now"], "Unexpected argument 'now'"],
  [["ping", "--json"], "Unknown option '--json'"],
  [["stop", "--drain", "soon"], '--drain is "soon", not a number of 0 or more'],
  [["stop", "--control", "a", "--pid-file", "b"], "--control and --pid-file name the same thing"],
])("tricorn refuses the arguments %j", async (args, fact) => {
  const { code, err } = await runTricorn(args);
  expect(code).toBe(2);
  expect(err).toContain(fact);
  expect(err).toContain(`; see tricorn ${args[0]} --help`);
});

test.each(["status", "ping", "reload", "stop"])("tricorn %s --help explains its options", async (command) => {
  const { code, out } = await runTricorn([command, "--help"]);
  expect(code).toBe(0);
  expect(out).toContain(`Usage: tricorn ${command} [options]\n`);
  for (const option of ["--control <file>", "--pid-file <file>"]) expect(out).toContain(option);
});

test("a stale pid file names no master", async () => {
  const file = join(temporaryFolder(), "app.pid");
  writeFileSync(file, `${2 ** 22 + 1}\n`);
  const { code, err } = await runTricorn(["reload", "--pid-file", file]);
  expect(code).toBe(1);
  expect(err).toContain("which does not run");
});

test("a master starts beside one that still finishes a request, on the same status address", async () => {
  const status = join(temporaryFolder(), "status.sock");
  const args = ["--status-listen", status];
  const old = await Operated.start({ workers: 1, args });
  const peer = await old.connect();
  peer.send(get(1, "/wait/ada"));
  await expect.poll(async () => (await old.tricorn("status")).out).toContain("GET /wait/ada\n");
  old.master.kill("SIGTERM");
  await old.master.line(/"msg":"Stopping"/);
  const next = await Operated.start({ workers: 1, args });
  const page = await WebServerPeer.connect(`unix:${status}`);
  const { text } = await page.send(get(1, "/ping", { params: { SCRIPT_NAME: "/ping" } })).answer(1);
  expect(text).toBe("pong\n");
  old.release();
  expect((await peer.answer(1)).text).toMatch(/^released /);
  expect(await old.master.ended).toBe(0);
  expect(existsSync(status)).toBe(true);
  await next.stop();
});

test("tricorn alone says where its help is", async () => {
  const { code, err } = await runTricorn([]);
  expect(code).toBe(2);
  expect(err).toMatch(/; see tricorn --help$/m);
});
