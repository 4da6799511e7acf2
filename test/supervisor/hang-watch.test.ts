import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { commandOf, NodeProcess, sourceCommandOf } from "../support/node-process.js";

const app = "test/supervisor/apps/hangs.ts";

/** The report that a process writes when its event loop stands still. */
async function report(process: NodeProcess): Promise<{ readonly msg: string; readonly stack: string }> {
  const [line] = await process.line(/^\{.*"msg":"The event loop has stood still.*$/);
  return JSON.parse(line);
}

test("watchEventLoop logs where JavaScript spins", async () => {
  const process = new NodeProcess([...commandOf(app), "spin"]);

  expect(await report(process)).toMatchObject({
    level: 50,
    pid: process.pid,
    msg: "The event loop has stood still for 1 s",
    stack: expect.stringMatching(/^ {4}at spinForEver \(file:\/\/\S+hangs\.mjs:\d+:\d+\)\n/),
  });
});

test("watchEventLoop names the line of the source, by the source map of what was compiled", async () => {
  const process = new NodeProcess([...sourceCommandOf(app), "spin"]);
  const line =
    readFileSync(app, "utf8")
      .split("\n")
      .findIndex((text) => text.includes("for (;;)")) + 1;

  expect((await report(process)).stack).toMatch(
    new RegExp(String.raw`^ {4}at spinForEver \(file://\S+/hangs\.ts:${line}:\d+\)\n`),
  );
});

test("watchEventLoop logs the function whose regular expression backtracks", async () => {
  const process = new NodeProcess([...commandOf(app), "regex"]);

  expect((await report(process)).stack).toMatch(/^ {4}at regex \(/);
});

test("watchEventLoop says that native code blocks the event loop if no JavaScript can be paused", async () => {
  const process = new NodeProcess([...commandOf(app), "read"], { stdin: "pipe" });

  expect((await report(process)).stack).toBe("    at native code that JavaScript called");
});

test("watchEventLoop lets a program go on that has returned, and reports once", async () => {
  const process = new NodeProcess([...commandOf(app), "while"]);

  expect(await process.ended).toBe(0);
  expect(process.output).toEqual(["went on"]);
  expect(process.errors.map((line) => JSON.parse(line).msg)).toEqual([
    "The event loop has stood still for 1 s",
  ]);
});

test("watchEventLoop reports no event loop that only has nothing to do", async () => {
  const process = new NodeProcess([...commandOf(app), "idle"]);

  expect(await process.ended).toBe(0);
  expect([process.output, process.errors]).toEqual([["idle"], []]);
});

test("watchEventLoop prints nothing when the process exits", async () => {
  const process = new NodeProcess([...commandOf(app), "exit"]);

  expect(await process.ended).toBe(3);
  expect([process.output, process.errors]).toEqual([[], []]);
});

test.each([
  ["spin", /^ {4}at spinForEver \(/],
  ["regex", /^ {4}at regex \(/],
])("watchEventLoop ends what spins if asked to, and the program goes on: %s", async (what, stack) => {
  const process = new NodeProcess([...commandOf(app), what, "end"]);

  expect((await report(process)).stack).toMatch(stack);
  expect(await process.ended).toBe(4);
  expect(process.output).toEqual(["ended"]);
});
