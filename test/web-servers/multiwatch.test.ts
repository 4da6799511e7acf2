// multiwatch 1.0: several processes on one socket, started again when they end.
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FastCgiClient } from "tricorn/client";
import { expect, onTestFinished, test } from "vitest";

import { MarkedProcesses } from "../support/marked-processes.js";
import { begin, params, record, stdin, Type, variablesOf } from "../support/records.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { BackgroundProcess, programPath } from "../support/web-servers/background-process.js";
import { program } from "../support/web-servers/program.js";

interface Watched {
  readonly multiwatch: BackgroundProcess;
  readonly processes: MarkedProcesses;
  readonly address: string;
  /** The process that answers a new connection. */
  pid(): Promise<number>;
}

function watch({ forks }: { readonly forks: number }): Watched {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-multiwatch-"));
  const { program: node, args, cwd } = program("started");
  const address = join(folder, "app.sock");
  const processes = new MarkedProcesses();
  const watcher = ["--", programPath("multiwatch"), "-f", String(forks), "--", node, ...args];
  const multiwatch = new BackgroundProcess({
    program: "spawn-fcgi",
    args: ["-n", "-s", address, ...watcher],
    cwd,
    env: processes.env,
    log: join(folder, "log"),
  });
  onTestFinished(async () => {
    if (!multiwatch.isOver) await multiwatch.stop("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });
  const pid = async (): Promise<number> => {
    const client = new FastCgiClient({ address });
    try {
      const answer = await client.request({ params: variablesOf("/process") });
      return (JSON.parse(await answer.text()) as { readonly pid: number }).pid;
    } finally {
      await client.close();
    }
  };
  return { multiwatch, processes, address: `unix:${address}`, pid };
}

/** Waits until this many of the children started so far listen. */
async function listening({ multiwatch }: Watched, count: number): Promise<void> {
  await multiwatch.line(new RegExp(`(?:[^]*Listening on fd:0 for FastCGI){${count}}`));
}

test("a killed child is restarted on the same socket, and no request is refused meanwhile", async () => {
  const watched = watch({ forks: 1 });
  await listening(watched, 1);
  const first = await watched.pid();
  process.kill(first, "SIGKILL");
  // Not accepted yet.
  const second = await watched.pid();
  expect(second).not.toBe(first);
  await listening(watched, 2);
  expect(await watched.multiwatch.stop()).toBe(0);
  await watched.processes.gone();
});

test("two children share a socket", async () => {
  const watched = watch({ forks: 2 });
  await listening(watched, 2);
  const pids = new Set<number>();
  while (pids.size < 2) for (const pid of await Promise.all([watched.pid(), watched.pid()])) pids.add(pid);
  expect(watched.processes.pids).toEqual(expect.arrayContaining([...pids]));
  expect(await watched.multiwatch.stop()).toBe(0);
  await watched.processes.gone();
});

// SIGUSR1, for which Node.js would open its debugger. With `-s TERM` multiwatch 1.0 sends SIGQUIT.
test("its children finish active requests at the signal that it forwards, and open no debugger", async () => {
  const watched = watch({ forks: 1 });
  await listening(watched, 1);
  const peer = await WebServerPeer.connect(watched.address);
  peer.send(begin(1), params(1, variablesOf("/echo", { REQUEST_METHOD: "POST" })));
  peer.send(record(Type.stdin, 1, "one "));
  while (!(await peer.record()).content.includes("begun ")) continue;

  const ended = watched.multiwatch.stop();
  expect((await peer.send(stdin(1, "two")).answer(1)).text).toBe("begun one two done");
  await peer.closedByApplication();
  peer.end();
  expect(await ended).toBe(0);
  expect(watched.multiwatch.output).toContain("stopped\n");
  expect(watched.multiwatch.output).not.toContain("Debugger listening");
  await watched.processes.gone();
});
