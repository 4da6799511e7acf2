import { existsSync } from "node:fs";
import { expect, test } from "vitest";

import { begin, get, params, post, record, stdin, Type, variablesOf } from "../../support/records.js";
import { SupervisedProgram, askOn, identityIn } from "../supervised-program.js";

test.each(["SIGHUP", "SIGUSR2"] as const)("replaces all workers at %s", async (signal) => {
  const program = await SupervisedProgram.start();
  expect(await program.ask()).toMatchObject({ version: 1 });
  program.deploy("2");
  expect(await program.reload(signal)).toBe("Reloaded");

  for (let asked = 0; asked < 10; asked += 1) expect(await program.ask()).toMatchObject({ version: 2 });
});

test("hands a kept connection over, and nobody closes it", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const before = await askOn(peer);
  for (const version of [2, 3, 4]) {
    program.deploy(String(version));
    expect(await program.reload()).toBe("Reloaded");
    const after = await askOn(peer);
    expect(after.version).toBe(version);
    expect(after.pid).not.toBe(before.pid);
  }
});

test("hands over a connection that has brought nothing yet", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  expect(await askOn(peer)).toMatchObject({ version: 2 });
});

test.each([1, 7, 8, 12])("hands over the first %i bytes of a request with its connection", async (bytes) => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  await askOn(peer);
  const request = post(1, "/", "hello");
  peer.send(request.subarray(0, bytes));
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  const { text } = await peer.send(request.subarray(bytes)).answer(1);
  expect(text).toMatch(/^v=2 pid=\d+ body=hello$/);
});

test("finishes a request where it is, then hands its connection over", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  peer.send(get(1, "/wait?go"));
  await expect.poll(async () => (await program.ask()).version).toBe(1);
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  // The old worker still has the request, a new connection gets the new one.
  expect(await program.ask()).toMatchObject({ version: 2 });
  program.release("go");
  expect(identityIn((await peer.answer(1)).text)).toEqual({ version: 1, pid });
  await expect.poll(async () => (await askOn(peer)).version).toBe(2);
});

test("finishes an upload where it began, and reads no new request of its connection", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  peer.send(begin(1), params(1, variablesOf("/", { REQUEST_METHOD: "POST" })), params(1, {}));
  peer.send(record(Type.stdin, 1, "one "));
  await expect.poll(async () => (await program.ask()).version).toBe(1);
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  // The second request comes behind the end of the first one, before its answer.
  peer.send(stdin(1, "two"), get(2, "/"));
  expect((await peer.answer(1)).text).toMatch(/^v=1 pid=\d+ body=one two$/);
  expect(identityIn((await peer.answer(2)).text)).toMatchObject({ version: 2 });
});

test("lets a multiplexed connection come to an end", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  peer.send(get(1, "/wait?one"), get(2, "/wait?two"));
  await expect.poll(async () => (await program.ask()).version).toBe(1);
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  peer.send(get(3, "/"));
  program.release("one");
  program.release("two");
  const answers = [await peer.answer(1), await peer.answer(2), await peer.answer(3)];
  expect(answers.map(({ text }) => identityIn(text).version)).toEqual([1, 1, 2]);
});

test("a new request on a multiplexed connection does not wait for a slow one", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  peer.send(get(1, "/wait?one"));
  await expect.poll(async () => (await program.ask()).version).toBe(1);
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  // The first one is answered only after the second.
  expect(identityIn((await peer.send(get(2, "/")).answer(2)).text)).toMatchObject({ version: 1 });
  program.release("one");
  expect(identityIn((await peer.answer(1)).text)).toMatchObject({ version: 1 });
});

test("a version that does not start leaves the old one serving", async () => {
  const program = await SupervisedProgram.start();
  const peer = await program.connect();
  await askOn(peer);
  const before = program.processes.pids;
  program.deploy("broken");
  expect(await program.reload()).toBe("Cannot reload: SyntaxError: the version is broken");
  // Evening out may have handed the connection to the other old worker.
  const { version, pid } = await askOn(peer);
  expect(version).toBe(1);
  expect(before).toContain(pid);
  for (let asked = 0; asked < 5; asked += 1) expect(await program.ask()).toMatchObject({ version: 1 });
  program.deploy("3");
  expect(await program.reload()).toBe("Reloaded");
  expect(await askOn(peer)).toMatchObject({ version: 3 });
});

test("refuses in the way of its role what is active at the deadline, and hands the connection over", async () => {
  const program = await SupervisedProgram.start({ workers: 1, env: { SHUTDOWN: "300" } });
  const peer = await program.connect();
  peer.send(get(1, "/wait?never"));
  await expect.poll(async () => (await program.ask()).version).toBe(1);
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  expect(await peer.answer(1)).toMatchObject({ status: 503 });
  await expect.poll(async () => (await askOn(peer, 2)).version).toBe(2);
});

test("stops at SIGTERM, and leaves neither a process nor the socket", async () => {
  const program = await SupervisedProgram.start();
  expect(existsSync(program.socket)).toBe(true);
  program.master.kill("SIGTERM");
  expect(await program.master.ended).toBe(0);
  await program.processes.gone();
  expect(existsSync(program.socket)).toBe(false);
});
