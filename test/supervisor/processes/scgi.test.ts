import { join } from "node:path";
import { expect, test } from "vitest";

import { askScgi, ScgiPeer, scgiRequest } from "../../support/scgi-peer.js";
import { temporaryFolder } from "../../support/served.js";
import { SupervisedProgram, identityIn, type Identity } from "../supervised-program.js";

/** `tricorn serve --listen scgi:…`, and where it listens. */
async function start(
  workers = 1,
): Promise<{ readonly program: SupervisedProgram; readonly address: string }> {
  const program = new SupervisedProgram({ workers, listen: "scgi:127.0.0.1:0" });
  return { program, address: await program.ready() };
}

async function ask(address: string): Promise<Identity> {
  return identityIn((await askScgi(address, scgiRequest("/"))).text);
}

test("workers answer SCGI on the socket of their master, and the next ones too", async () => {
  const { program, address } = await start(2);
  expect(address).toMatch(/^scgi:127\.0\.0\.1:\d+$/);
  expect(await ask(address)).toMatchObject({ version: 1 });
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  expect(await ask(address)).toMatchObject({ version: 2 });
});

test("an old worker finishes its SCGI request, and answers a connection that has brought nothing yet", async () => {
  const { program, address } = await start();
  const { pid } = await ask(address);
  const active = await ScgiPeer.connect(address);
  active.send(scgiRequest("/wait?go"));
  // Answered after it, so it has been accepted.
  await ask(address);
  const fresh = await ScgiPeer.connect(address);
  await ask(address);
  program.deploy("2");
  const reloaded = program.reload();
  fresh.send(scgiRequest("/"));
  expect(await reloaded).toBe("Reloaded");
  expect(await ask(address)).toMatchObject({ version: 2 });
  program.release("go");
  expect(identityIn((await active.answer()).text)).toEqual({ version: 1, pid });
  expect((await fresh.answer()).status).toBe(200);
});

test("the next master takes over a socket for SCGI from a worker that serves on", async () => {
  const program = new SupervisedProgram({
    workers: 1,
    listen: `scgi:${join(temporaryFolder(), "app.sock")}`,
  });
  const address = await program.ready();
  const { pid } = await ask(address);
  program.master.kill("SIGKILL");
  await program.master.ended;
  expect(await ask(address)).toEqual({ version: 1, pid });
  program.deploy("2");
  await program.startNext({ workers: 1, listen: address });
  await expect.poll(() => ask(address)).toMatchObject({ version: 2 });
});
