// What grows with connections and reloads, by counts.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";

import { SupervisedProgram, askOn } from "../supervised-program.js";

const CONNECTIONS = 1_000;
const RELOADS = 8;

/** The open descriptors of a process. */
function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

test(`a reload hands ${CONNECTIONS} kept connections over, and none closes`, async () => {
  const program = await SupervisedProgram.start({ workers: 2 });
  const peers = await Promise.all(Array.from({ length: CONNECTIONS }, () => program.connect()));
  const before = await Promise.all(peers.map((peer) => askOn(peer)));
  program.deploy("2");
  expect(await program.reload()).toBe("Reloaded");
  const after = await Promise.all(peers.map((peer) => askOn(peer)));
  expect(before.filter(({ version }) => version !== 1)).toEqual([]);
  expect(after.filter(({ version }) => version !== 2)).toEqual([]);
});

test("reloads with kept connections leave no descriptor and no process behind", async () => {
  const program = await SupervisedProgram.start({ workers: 1 });
  const peers = await Promise.all(Array.from({ length: 20 }, () => program.connect()));
  const counts: number[] = [];
  for (let reloads = 0; reloads < RELOADS; reloads += 1) {
    expect(await program.reload()).toBe("Reloaded");
    for (const peer of peers) await askOn(peer);
    // The master and its one worker.
    await expect.poll(() => program.processes.pids.length).toBe(2);
    counts.push(descriptorsOf(program.master.pid));
  }
  expect(counts).toEqual(Array.from({ length: RELOADS }, () => counts[0]));
});
