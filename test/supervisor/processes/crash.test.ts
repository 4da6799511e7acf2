import { expect, test } from "vitest";

import { authorize, filter, get } from "../../support/records.js";
import { expectDenied } from "../../support/gates.js";
import { SupervisedProgram, askOn, identityIn } from "../supervised-program.js";

test("replaces a worker at once that is killed, and the others serve on", async () => {
  const program = await SupervisedProgram.start();
  const { pid } = await program.ask();
  process.kill(pid, "SIGKILL");
  for (let asked = 0; asked < 10; asked += 1) expect((await program.ask()).pid).not.toBe(pid);
  await program.master.line(/"msg":"A worker has ended unasked; a new one starts"/);
  await expect.poll(() => program.processes.pids.length).toBe(3);
});

test("a worker with an uncaught error hands its connections over before it ends", async () => {
  const program = await SupervisedProgram.start();
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  await peer.send(get(1, "/throw")).answer(1);
  await expect.poll(async () => (await askOn(peer)).pid).not.toBe(pid);
});

test("replaces a worker after its requests, and its connection stays", async () => {
  const program = await SupervisedProgram.start({ workers: 1, args: ["--recycle-requests", "20"] });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  await expect.poll(async () => (await askOn(peer)).pid, { interval: 20 }).not.toBe(pid);
  expect(program.logged(/^Replacing a worker$/)).toHaveLength(1);
});

test("replaces a worker whose Buffers fill the memory", async () => {
  const program = await SupervisedProgram.start({ workers: 1, args: ["--recycle-memory", "250"] });
  const peer = await program.connect();
  const { pid } = await askOn(peer);
  for (let leaks = 0; leaks < 4; leaks += 1) await peer.send(get(1, "/leak")).answer(1);
  await expect.poll(async () => (await askOn(peer)).pid).not.toBe(pid);
});

test("authorizer and filter survive a reload on their kept connections, and the authorizer denies as before", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const allowed = { params: { HTTP_X_USER: "ann" } };
  for (const version of [2, 3]) {
    expectDenied(await peer.send(authorize(1, "/secret")).answer(1), 401);
    program.deploy(String(version));
    expect(await program.reload()).toBe("Reloaded");
    expectDenied(await peer.send(authorize(1, "/secret")).answer(1), 401);
    expect((await peer.send(authorize(1, "/secret", allowed)).answer(1)).head).toContain(
      `Variable-USER: v=${version} `,
    );
    const { text } = await peer.send(filter(1, "/a.txt", "text")).answer(1);
    expect(text.startsWith("TEXT v=")).toBe(true);
    expect(identityIn(text.slice("TEXT ".length))).toMatchObject({ version });
  }
});

test("messages and environment of the program are its own", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peer = await program.connect();
  const { text } = await peer.send(get(1, "/environment")).answer(1);
  expect(text).not.toMatch(/TRICORN_WORKER|NODE_CHANNEL_FD/);
});
