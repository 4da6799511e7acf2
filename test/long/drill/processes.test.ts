// What happens to a process: it is killed, its disk is full, it has no descriptor left.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { NodeProcess, commandOf } from "../../support/node-process.js";
import { get, post } from "../../support/records.js";
import { temporaryFolder } from "../../support/served.js";
import { WebServerPeer, openSocket } from "../../support/web-server-peer.js";

const SERVER = "test/long/drill/support/server.ts";

interface Started {
  readonly process: NodeProcess;
  readonly address: string;
}

async function start(
  listen: string,
  env: Readonly<Record<string, string>> = {},
  shell?: string,
): Promise<Started> {
  const command = [...commandOf(SERVER), listen] as [string, ...string[]];
  // The shell sets limits that the process inherits.
  const inShell = ["sh", "-c", `${shell}; exec "$0" "$@"`, ...command] as [string, ...string[]];
  const process = new NodeProcess(shell === undefined ? command : inShell, { env });
  const [, address = ""] = await process.line(/^at (.+)$/);
  return { process, address };
}

async function ask(address: string, target = "/"): Promise<string> {
  const peer = await WebServerPeer.connect(address);
  const { text } = await peer.send(get(1, target, { keep: false })).answer(1);
  return text;
}

/** Processor time of a process so far, in ms (proc(5): fields 14 and 15 of stat, in ticks of 10 ms). */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

describe("a server that is killed", () => {
  test("breaks what was in flight, leaves its socket behind and is replaced at the same path", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const { process, address } = await start(path);
    const peer = await WebServerPeer.connect(address);
    peer.send(get(1, "/hang"));
    await peer.roundTrip();
    globalThis.process.kill(process.pid, "SIGKILL");

    await expect(peer.answer(1)).rejects.toThrow(/ended before request 1 was answered/);
    expect(await process.ended).toBe("SIGKILL");
    expect(existsSync(path)).toBe(true);

    const again = await start(path);
    expect(await ask(again.address)).toBe("served");
  });

  test("over TCP is replaced at the same port", async () => {
    const { process, address } = await start("127.0.0.1:0");
    const peer = await WebServerPeer.connect(address);
    peer.send(get(1, "/hang"));
    await peer.roundTrip();
    globalThis.process.kill(process.pid, "SIGKILL");
    await peer.closedByApplication().catch(() => undefined);
    await process.ended;
    peer.destroy();

    const again = await start(address);
    expect(await ask(again.address)).toBe("served");
  });
});

describe("an upload to a full disk", () => {
  const body = Buffer.alloc(400_000, "body");

  test.each([
    ["a handler that expects it", "/store", 507],
    ["a handler that does not", "/store-carelessly", 500],
  ])("fails properly in %s, and disturbs nothing else", async (_what, target, status) => {
    const { address, process } = await start("127.0.0.1:0");
    const peer = await WebServerPeer.connect(address);
    await peer.upload(post(1, target, body), post(2, target, body), get(3, "/"));
    const answers = await Promise.all([1, 2, 3].map((id) => peer.answer(id)));

    expect(answers.map((answer) => answer.status)).toEqual([status, status, 200]);
    expect(answers[2]!.text).toBe("served");
    expect(await ask(address)).toBe("served");
    expect(process.pid).toBeGreaterThan(0);
  });

  test("at the size limit of files is answered by 507", async () => {
    const file = join(temporaryFolder(), "upload");
    // 100 blocks of 512 bytes; the signal that comes with it is ignored by Node.js.
    const { address } = await start("127.0.0.1:0", { DRILL_STORE: file }, "ulimit -f 100");
    const peer = await WebServerPeer.connect(address);
    await peer.upload(post(1, "/store", body));

    expect((await peer.answer(1)).status).toBe(507);
    expect(await ask(address)).toBe("served");
  });
});

test("a server without a free descriptor does not spin, and serves again when connections close", async () => {
  const { address, process } = await start("127.0.0.1:0");
  // Now, because to load all modules takes more.
  execFileSync("prlimit", [`--pid=${process.pid}`, "--nofile=64:64"]);
  const first = await WebServerPeer.connect(address);
  await first.roundTrip();
  const crowd = Array.from({ length: 120 }, () => openSocket(address));
  for (const socket of crowd) socket.on("error", () => undefined).resume();
  // Those for which there is no descriptor are closed or wait; those that are served answer.
  // To spin takes no event, only processor time, so it is looked for in a while of any length; load makes that less, not more.
  const before = processorTime(process.pid);
  await sleep(1_000);
  const used = processorTime(process.pid) - before;

  expect(readdirSync(`/proc/${process.pid}/fd`).length).toBeGreaterThan(60);
  expect(used).toBeLessThan(300);
  // Who was there is served on.
  expect((await first.send(get(1, "/")).answer(1)).text).toBe("served");

  for (const socket of crowd) socket.destroy();
  await expect.poll(() => ask(address).catch(() => "not yet")).toBe("served");
});
