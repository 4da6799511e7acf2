// A worker of node:cluster listens through its primary, which binds the socket.
import { existsSync, lstatSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { commandOf, NodeProcess } from "../support/node-process.js";
import { get } from "../support/records.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { socketPath } from "./support.js";
import { leaveStaleSocket } from "../server/stale.js";

async function started(env: Readonly<Record<string, string>>, path = socketPath()) {
  const workers = Number(env["CLUSTER_WORKERS"] ?? 2);
  const process = new NodeProcess([...commandOf("test/serve/apps/cluster.ts"), path], { env });
  await expect.poll(() => process.output.filter((line) => line === "worker serves")).toHaveLength(workers);
  return { process, path, workers };
}

async function expectEnd({ process, path, workers }: Awaited<ReturnType<typeof started>>): Promise<void> {
  process.kill("SIGTERM");
  expect(await process.ended).toBe(0);
  expect(process.output.filter((line) => line === "worker ended with 0")).toHaveLength(workers);
  expect(existsSync(path)).toBe(false);
}

describe("A unix socket of workers of node:cluster", () => {
  test.each([
    [{}, { mode: 0o660 }],
    [{ CLUSTER_UMASK: "002" }, { mode: 0o660 }],
    [{ CLUSTER_MODE: "600" }, { mode: 0o600 }],
    [{ CLUSTER_GROUP: "2" }, { mode: 0o660, gid: 2 }],
  ])("has the same mode and group as without a cluster: %o", async (env, { mode, ...more }) => {
    const running = await started(env);
    const { path } = running;
    const stats = lstatSync(path);
    expect(stats.mode & 0o777).toBe(mode);
    expect(stats).toMatchObject(more);
    const pids = new Set<string>();
    for (let request = 0; request < 4; request += 1) {
      const peer = await WebServerPeer.connect(`unix:${path}`);
      pids.add((await peer.send(get(1, "/pid", { keep: false })).answer(1)).text);
    }
    expect(pids.size).toBe(2);
    await expectEnd(running);
  });

  test.each(["2", "5"])("replaces one that a dead process left, with %s workers", async (workers) => {
    const stale = socketPath();
    await leaveStaleSocket(stale);
    await expectEnd(await started({ CLUSTER_WORKERS: workers }, stale));
  });

  test.each([
    { CLUSTER_UMASK: "000" },
    { CLUSTER_UMASK: "002", CLUSTER_MODE: "600" },
    { CLUSTER_UMASK: "002", CLUSTER_GROUP: "2" },
  ])("is not bound if others could connect before its mode is set: %o", async (env) => {
    const path = socketPath();
    const process = new NodeProcess([...commandOf("test/serve/apps/cluster.ts"), path], { env });
    await process.line(/worker ended with 1/);
    await process.ended;
    expect(process.errors.join("\n")).toContain(
      `the primary of node:cluster binds ${path}, and by its umask`,
    );
    expect(existsSync(path)).toBe(false);
  });
});
