import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";

import { LogStream } from "../../src/log/log-stream.js";
import { temporaryFolder } from "../support/served.js";

function open(path: string, flags: number): number {
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

function namedPipe(): string {
  const path = join(temporaryFolder(), "pipe");
  execFileSync("mkfifo", [path]);
  return path;
}

test("writes each line at once, as UTF-8", () => {
  const path = join(temporaryFolder(), "log");
  const stream = new LogStream(open(path, constants.O_CREAT | constants.O_WRONLY | constants.O_APPEND));
  stream.write("one\n");
  expect(readFileSync(path, "utf8")).toBe("one\n");
  stream.write("zwölf\n");
  expect(readFileSync(path, "utf8")).toBe("one\nzwölf\n");
});

test("does not throw if the disk is full, the descriptor closed, or the reader gone", () => {
  const closed = openSync("/dev/null", "w");
  closeSync(closed);
  const path = namedPipe();
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = open(path, constants.O_WRONLY);
  closeSync(reader);
  for (const fd of [open("/dev/full", constants.O_WRONLY), 99_999, writer]) {
    const stream = new LogStream(fd);
    for (const line of ["one\n", "two\n"]) expect(() => stream.write(line)).not.toThrow();
  }
});

test("does not wait forever for an unread pipe, and reports the loss to its next reader", () => {
  const path = namedPipe();
  const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  while (fills(writer)) continue;
  const stream = new LogStream(writer);
  const pauses = vi.spyOn(Atomics, "wait");
  for (let line = 0; line < 50; line++) stream.write(`${"x".repeat(5000)}\n`);
  // The first one was waited for, in 50 attempts; the others were not.
  expect(pauses).toHaveBeenCalledTimes(49);

  drain(reader);
  stream.write("after\n");
  const [notice, after, ...more] = drain(reader).split("\n");
  expect([after, more]).toEqual(["after", [""]]);
  expect(JSON.parse(notice!)).toEqual({
    level: 40,
    time: expect.any(Number) as number,
    pid: process.pid,
    msg: "Lost 50 lines of the log",
  });
  stream.write("once more\n");
  expect(drain(reader)).toBe("once more\n");
});

/** Writes to a pipe unless it is full. */
function fills(fd: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(4096, ".")) > 0;
  } catch {
    return false;
  }
}

/** All that is in a pipe. */
function drain(fd: number): string {
  const pieces: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(65_536);
    try {
      pieces.push(buffer.subarray(0, readSync(fd, buffer)));
    } catch {
      return Buffer.concat(pieces).toString();
    }
  }
}

test("starts a new line after one that was truncated", () => {
  const path = join(temporaryFolder(), "log");
  // A separate process, whose files are limited to 1 KiB.
  const source = `
    import { openSync, truncateSync } from "node:fs";
    import { LogStream } from ${JSON.stringify(new URL("../../src/log/log-stream.ts", import.meta.url).href)};
    const stream = new LogStream(openSync(process.argv[2], "a"));
    stream.write("x".repeat(800) + "\\n");
    stream.write("y".repeat(800) + "\\n");
    stream.write("z\\n");
    truncateSync(process.argv[2], 0);
    stream.write("after\\n");`;
  const program = join(temporaryFolder(), "program.mjs");
  writeFileSync(program, source);
  const run = [process.execPath, "--import", "@oxc-node/core/register", program, path];
  execFileSync("sh", ["-c", 'ulimit -f 2; exec "$@"', "sh", ...run], {
    cwd: new URL("../..", import.meta.url),
  });
  const [end, notice, after] = readFileSync(path, "utf8").split("\n");
  expect([end, after]).toEqual(["", "after"]);
  expect(JSON.parse(notice!)).toMatchObject({ msg: "Lost 2 lines of the log" });
});
