import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { LogStream } from "../../src/log/log-stream.js";
import { LineReader } from "../../src/supervisor/line-reader.js";
import { printedLine, type PrintedLine } from "../../src/supervisor/worker-output.js";
import { capturedLog, temporaryFolder } from "../support/served.js";

/** The lines of a master's log after a worker has printed this. */
function logged(printed: string, stream: PrintedLine["stream"]): readonly Record<string, unknown>[] {
  const path = join(temporaryFolder(), "log");
  const fd = openSync(path, "w");
  onTestFinished(() => closeSync(fd));
  const write = printedLine(new LogStream(fd));
  const reader = new LineReader((text) => write({ pid: 7, text, stream }));
  reader.read(Buffer.from(printed));
  reader.end();
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("what a worker prints is information, and on standard error a warning", () => {
  expect(logged("Hello\n", "output")).toEqual([expect.objectContaining({ level: 30, pid: 7, msg: "Hello" })]);
  const error = "Error: Cannot find package 'left-pad'";
  expect(logged(`${error}\n`, "errors")).toEqual([
    expect.objectContaining({ level: 40, pid: 7, msg: error }),
  ]);
});

test("a line of a worker's own log stays as it is", () => {
  const line = { level: 50, pid: 7, msg: "x".repeat(30_000) };
  expect(logged(`${JSON.stringify(line)}\n`, "errors")).toEqual([line]);
});

test("a line of a worker's own log that is too long is cut into lines of JSON", () => {
  const line = JSON.stringify({ level: 50, pid: 7, msg: "é".repeat(50_000) });
  const lines = logged(`${line}\n`, "errors");
  expect(
    lines
      .map(({ msg }) => msg)
      .join("")
      .replaceAll("\ufffd", ""),
  ).toContain("éééé");
  expect(lines).toHaveLength(2);
  expect(lines.every(({ level }) => level === 40)).toBe(true);
});

test("a program's own logger gets the lines with the worker", () => {
  const { log, lines } = capturedLog();
  const write = printedLine(log);
  write({ pid: 7, text: "Hello", stream: "output" });
  write({ pid: 7, text: "Oh", stream: "errors" });
  expect(lines).toMatchObject([
    { level: 30, worker: 7, msg: "Hello" },
    { level: 40, worker: 7, msg: "Oh" },
  ]);
});
