import { existsSync } from "node:fs";
import { expect, test } from "vitest";

import { get } from "../../support/records.js";
import { SupervisedProgram, askOn, identityIn } from "../supervised-program.js";

/** Kills the master, and waits until it is gone. */
async function killMaster(program: SupervisedProgram): Promise<void> {
  program.master.kill("SIGKILL");
  await expect.poll(() => program.processes.pids).not.toContain(program.master.pid);
}

test("workers serve on without their master", async () => {
  const program = await SupervisedProgram.start();
  const peer = await program.connect();
  const before = await askOn(peer);
  await killMaster(program);
  for (let asked = 0; asked < 20; asked += 1) expect(await program.ask()).toMatchObject({ version: 1 });
  expect(await askOn(peer)).toEqual(before);
});

test.each(["unix", "tcp"] as const)("the next master takes socket and connections over: %s", async (over) => {
  const listen = over === "unix" ? {} : { listen: "127.0.0.1:0" };
  const program = new SupervisedProgram(listen);
  const address = await program.ready();
  const peer = await program.connect(address);
  const busy = await program.connect(address);
  const before = await askOn(peer);
  await askOn(busy);
  busy.send(get(1, "/wait?go"));
  const orphans = new Set(program.processes.pids.filter((pid) => pid !== program.master.pid));
  await killMaster(program);
  program.deploy("2");
  await program.startNext({ listen: address });

  await expect.poll(async () => (await askOn(peer)).version).toBe(2);
  expect(before.version).toBe(1);
  program.release("go");
  expect(identityIn((await busy.answer(1)).text)).toMatchObject({ version: 1 });
  await expect.poll(async () => (await askOn(busy)).version).toBe(2);
  await expect.poll(() => program.processes.pids.filter((pid) => orphans.has(pid))).toEqual([]);
  expect(await program.ask(address)).toMatchObject({ version: 2 });

  program.master.kill("SIGTERM");
  expect(await program.master.ended, program.master.errors.join("\n")).toBe(0);
  await program.processes.gone();
  expect(existsSync(program.socket)).toBe(false);
});

test("SIGTERM to the next master ends the workers of the dead one too", async () => {
  const program = await SupervisedProgram.start();
  const busy = await program.connect();
  await askOn(busy);
  busy.send(get(1, "/wait?never"));
  await killMaster(program);
  await program.startNext({ env: { SHUTDOWN: "300" } });
  program.master.kill("SIGTERM");
  program.release("never");
  expect((await busy.answer(1)).status).toBe(200);
  await program.processes.gone();
});

test("a path on which a stranger listens is not taken over, and no worker is left", async () => {
  const program = await SupervisedProgram.start();
  const next = new SupervisedProgram({ listen: program.socket });
  expect(await next.master.ended).toBe(1);
  expect(next.master.errors.join("\n")).toContain("another process listens on it");
  await next.processes.gone();
  expect(await program.ask()).toMatchObject({ version: 1 });
});
