import { expect, test } from "vitest";

import { get } from "../../support/records.js";
import { SupervisedProgram, askOn, identityIn } from "../supervised-program.js";

test.each(["SIGHUP", "SIGUSR1", "SIGUSR2"] as const)(
  "%s to all processes of the service ends no worker, also if the new version does not start",
  async (signal) => {
    const program = await SupervisedProgram.start({ workers: 1 });
    const { pid } = await program.ask();
    program.deploy("broken");
    process.kill(pid, signal);
    expect(await program.reload()).toMatch(/^Cannot reload/);
    expect(program.logged(/^A worker has left/)).toEqual([]);
    expect((await program.ask()).pid).toBe(pid);
  },
);

test("a stop finishes the requests of a program that handles no signals", async () => {
  const program = await SupervisedProgram.start({ workers: 1, env: { OWN_SIGNALS: "yes" } });
  const { pid } = await program.ask();
  const peer = await program.connect();
  peer.send(get(1, "/wait?go"));
  const idle = await program.connect();
  await askOn(idle);
  program.master.kill("SIGTERM");
  await idle.closedByApplication();
  program.release("go");
  expect(identityIn((await peer.answer(1)).text)).toEqual({ version: 1, pid });
  expect(await program.master.ended).toBe(0);
});

test.each([
  { kind: "prepared", access: {}, shutdown: 0 },
  { kind: "empty" },
  { kind: "failed", failure: {} },
  { kind: "report", id: 1, statistics: null, load: 1 },
  { kind: "connection", id: "one", unread: "" },
  { kind: "connection", id: 1, unread: 7 },
])("a worker that sends %j where it must not is replaced, and the master goes on", async (message) => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  peer.send(get(1, `/send?${encodeURIComponent(JSON.stringify(message))}`));
  await program.master.line(/Killed a worker: it sent a message that it must not send/);
  await expect.poll(async () => (await program.ask()).pid).not.toBe(pid);
});

test.each(["null", "7", "{}"])("the master ignores %s from a worker", async (message) => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  await peer.send(get(1, `/send?${encodeURIComponent(message)}`)).answer(1);
  expect(await program.reload()).toBe("Reloaded");
  expect((await askOn(peer)).pid).not.toBe(pid);
});

test("a working directory that is missing is named", async () => {
  const program = new SupervisedProgram({ args: ["--chdir", "/nonexistent"] });
  expect(await program.master.ended).toBe(1);
  expect(program.master.errors.join("\n")).toContain("Cannot start worker: there is no folder /nonexistent");
});

test("a worker that closes its channel is replaced, and finishes its requests", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const [peer, busy] = [await program.connect(), await program.connect()];
  const { pid } = await askOn(busy);
  busy.send(get(1, "/wait?go"));
  peer.send(get(1, "/disconnect"));
  await program.master.line(/A worker has closed its channel, as by process.disconnect\(\)/);
  await expect.poll(async () => (await program.ask()).pid).not.toBe(pid);
  program.release("go");
  expect(identityIn((await busy.answer(1)).text)).toMatchObject({ pid });
  await expect.poll(() => program.processes.pids).not.toContain(pid);
});

test("a program that closes its channel before it serves does not start", async () => {
  const program = new SupervisedProgram({ workers: 1, env: { DISCONNECTS: "yes" } });
  expect(await program.master.ended).toBe(1);
  expect(program.master.errors.join("\n")).toContain("it has closed its channel to the master");
  await program.processes.gone();
});

test("messages of the program and of its master do not meet", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  await peer.send(get(1, "/messages")).answer(1);
  expect(await program.reload()).toBe("Reloaded");
  const { text } = await peer.send(get(1, "/messages")).answer(1);
  expect(text).toBe("messages=0");
  expect((await askOn(peer)).pid).not.toBe(pid);
});

test("a worker that may take any time to finish its requests is not killed", async () => {
  const program = await SupervisedProgram.start({ workers: 1, env: { SHUTDOWN: "Infinity" } });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  peer.send(get(1, "/wait?go"));
  expect(await program.reload()).toBe("Reloaded");
  expect((await program.ask()).pid).not.toBe(pid);
  program.release("go");
  expect(identityIn((await peer.answer(1)).text)).toMatchObject({ pid });
  expect(program.logged(/^Killed/)).toEqual([]);
});

test("an address that other machines reach is named as it was given", async () => {
  const program = new SupervisedProgram({ workers: 1, listen: "0.0.0.0:0" });
  expect(await program.master.ended).toBe(1);
  expect(program.master.errors.join("\n")).toMatch(
    /Cannot listen on 0\.0\.0\.0:\d+, which is bound to 0\.0\.0\.0/,
  );
});
