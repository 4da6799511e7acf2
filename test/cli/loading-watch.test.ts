import { expect, test } from "vitest";

import { commandOf, NodeProcess } from "../support/node-process.js";

test("watchLoading ends a process whose only thread is blocked, and says why", async () => {
  const process = new NodeProcess([...commandOf("test/cli/apps/stuck.ts"), "stuck"]);

  expect(await process.ended).toBe("SIGKILL");
  expect(process.errors).toContain("it computes for ever");
});

test("watchLoading does nothing once ended, and keeps no process alive", async () => {
  const process = new NodeProcess(commandOf("test/cli/apps/stuck.ts"));

  expect(await process.ended).toBe(0);
  expect(process.errors).toEqual([]);
});
