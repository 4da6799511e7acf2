// CVE-2015-9253: a script set its standard input, which is the listening socket of PHP-FPM, to non-blocking and ran a
// program. Workers ended, and FPM started them again as fast as it could, forever, with a line in its log for each.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";

import { commandOf, NodeProcess } from "../support/node-process.js";
import { get } from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";

/** Processor time of a process, in ms. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

test("a program that inherits the listening socket from a handler stops nothing and causes no busy loop", async () => {
  const path = join(temporaryFolder(), "app.sock");
  const app = commandOf("test/serve/apps/runs-programs.ts");
  const process = new NodeProcess(["spawn-fcgi", "-n", "-s", path, "--", ...app]);
  expect(await process.address()).toBe("fd:0");
  const peer = await WebServerPeer.connect(`unix:${path}`);
  for (let round = 0; round < 5; round += 1) {
    expect((await peer.send(get(1, "/run")).answer(1)).text).toBe('{"status":0}');
    const others = await Promise.all(Array.from({ length: 5 }, () => WebServerPeer.connect(`unix:${path}`)));
    for (const other of others) {
      expect((await other.send(get(1, "/run", { keep: false })).answer(1)).text).toBe('{"status":0}');
    }
    for (const other of others) other.destroy();
  }
  const [before, lines] = [processorTime(process.pid), process.errors.length];
  // A busy loop needs no event, only CPU time, so any length of measurement shows it; load makes it smaller, not larger.
  await setTimeout(500);
  expect(processorTime(process.pid) - before).toBeLessThan(250);
  expect(process.errors.length).toBe(lines);
  expect((await peer.send(get(1, "/run")).answer(1)).status).toBe(200);
  process.kill("SIGTERM");
  peer.destroy();
  expect(await process.ended).toBe(0);
});
