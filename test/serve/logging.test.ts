// Where lines of the log go in processes whose descriptors are open, closed, /dev/null, full or broken.
import { execFileSync } from "node:child_process";
import {
  constants,
  existsSync,
  closeSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { NodeProcess, commandOf } from "../support/node-process.js";
import { get } from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { socketPath } from "./support.js";

const program = commandOf("test/support/web-servers/programs/started.ts");

interface Run {
  readonly process: NodeProcess;
  ask(target: string): Promise<{ readonly status: number; readonly text: string; readonly stderr: string }>;
}

/** Starts the program with its descriptors changed as a shell writes it, and waits until it answers. */
async function start(
  redirections: string,
  { env = {}, descriptors = [] }: { env?: Record<string, string>; descriptors?: readonly number[] } = {},
): Promise<Run> {
  const path = socketPath();
  const process = new NodeProcess(["sh", "-c", `exec "$@" ${redirections}`, "sh", ...program], {
    env: { TRICORN_LISTEN: path, ...env },
    descriptors,
  });
  // The line that it listens may be lost, so this waits for the socket.
  await expect.poll(() => existsSync(path) && statSync(path).mode & 0o777).toBe(0o660);
  const ask: Run["ask"] = async (target) => {
    const peer = await WebServerPeer.connect(`unix:${path}`);
    const answer = await peer.send(get(1, target, { keep: false })).answer(1);
    await peer.closedByApplication();
    peer.end();
    return answer;
  };
  return { process, ask };
}

function messages(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.startsWith("{"))
    .map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
}

async function expectAnswers({ ask }: Run): Promise<void> {
  for (const target of ["/warn", "/fail", "/print", "/print", "/warn"]) {
    expect((await ask(target)).status).toBe(target === "/fail" ? 500 : 200);
  }
}

async function end({ process }: Run): Promise<void> {
  process.kill("SIGTERM");
  expect(await process.ended).toBe(0);
}

const WARNING = "tricorn: GET /warn: warn: a warning\n";
const FAILURE = "tricorn: GET /fail failed: Error: on purpose\n";

describe("the log of an application", () => {
  test.each<[string, string, "errors" | "output" | "neither"]>([
    ["all descriptors open", "> file", "errors"],
    ["standard output closed", ">&-", "errors"],
    ["standard input and output closed", "0<&- >&-", "errors"],
    ["standard error closed", "> file 2>&-", "output"],
    ["standard error /dev/null", "> file 2>/dev/null", "output"],
    ["standard error closed, and a socket with a reader", "2>&-", "neither"],
    ["both /dev/null", ">/dev/null 2>&1", "neither"],
    ["all closed", "0<&- >&- 2>&-", "neither"],
    ["standard error closed and standard output /dev/null", ">/dev/null 2>&-", "neither"],
  ])("with %s (%s) goes to: %s", async (_what, redirections, place) => {
    const file = join(temporaryFolder(), "output");
    const run = await start(redirections.replace("file", file));
    expect((await run.ask("/warn")).stderr).toBe(place === "neither" ? WARNING : "");
    expect((await run.ask("/fail")).stderr).toBe(FAILURE);
    await end(run);

    const { errors } = run.process;
    const output = existsSync(file) ? readFileSync(file, "utf8").split("\n") : run.process.output;
    const seen = [
      expect.stringMatching(/^Listening on unix:/),
      "a word",
      "a warning",
      "Cannot complete request: GET /fail failed",
    ];
    expect(messages(errors)).toEqual(place === "errors" ? seen : []);
    expect(messages(output)).toEqual(place === "output" ? seen : []);
  });

  test("appends to the file that TRICORN_LOG names, which only its owner and group can read", async () => {
    const log = join(temporaryFolder(), "app.log");
    for (const count of [1, 2]) {
      const run = await start("", { env: { TRICORN_LOG: log } });
      expect((await run.ask("/warn")).stderr).toBe("");
      await end(run);
      expect(messages([...run.process.errors, ...run.process.output])).toEqual([]);
      const told = messages(readFileSync(log, "utf8").split("\n"));
      expect(told.filter((message) => message === "a warning")).toHaveLength(count);
    }
    expect(statSync(log).mode & 0o777).toBe(0o640);
  });

  test.each(["stdout", "fd:1"])("is standard output if TRICORN_LOG is %s", async (named) => {
    const run = await start("", { env: { TRICORN_LOG: named } });
    await run.ask("/warn");
    await end(run);
    expect([messages(run.process.errors), messages(run.process.output).at(-1)]).toEqual([[], "a warning"]);
  });

  test("is an inherited descriptor", async () => {
    const path = join(temporaryFolder(), "log");
    const fd = openSync(path, "a");
    onTestFinished(() => closeSync(fd));
    const run = await start("", { env: { TRICORN_LOG: "fd:3" }, descriptors: [fd] });
    await run.ask("/warn");
    expect(messages(readFileSync(path, "utf8").split("\n")).at(-1)).toBe("a warning");
    await end(run);
  });

  test.each([
    ["/no-such-folder/log", /^Cannot log to "\/no-such-folder\/log", which TRICORN_LOG names: ENOENT: /],
    ["fd:99", /^Cannot log to "fd:99", which TRICORN_LOG names: the descriptor is closed$/],
    // Node.js itself has opened it.
    [
      "fd:7",
      /^Cannot log to "fd:7", which TRICORN_LOG names: the descriptor is not open for writing, or has no reader$/,
    ],
  ])("prevents the start if TRICORN_LOG is %s", async (named, sentence) => {
    const process = new NodeProcess(program, { env: { TRICORN_LOG: named, TRICORN_LISTEN: socketPath() } });
    expect(await process.ended).toBe(1);
    expect(process.errors.find((line) => line !== "")).toMatch(sentence);
  });

  test("is a named pipe, whose readers may come and go", async () => {
    const pipe = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const early = new NodeProcess(program, { env: { TRICORN_LOG: pipe, TRICORN_LISTEN: socketPath() } });
    expect(await early.ended).toBe(1);
    expect(early.errors.find((line) => line !== "")).toMatch(/ENXIO/);

    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const first = openSync(pipe, flags);
    const run = await start("", { env: { TRICORN_LOG: pipe } });
    await run.ask("/warn");
    closeSync(first);
    await run.ask("/warn");
    const second = openSync(pipe, flags);
    await run.ask("/warn");
    const buffer = Buffer.alloc(10_000);
    const lines = messages(buffer.toString("utf8", 0, readSync(second, buffer)).split("\n"));
    closeSync(second);
    expect(lines.slice(-3)).toEqual(["Lost 2 lines of the log", "a word", "a warning"]);
    await end(run);
  });

  test("also reports why a process could not start", async () => {
    const log = join(temporaryFolder(), "app.log");
    const env = { TRICORN_LOG: log, TRICORN_LISTEN: "nonsense" };
    const process = new NodeProcess(["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", ...program], { env });
    expect(await process.ended).toBe(1);
    expect(JSON.parse(readFileSync(log, "utf8"))).toMatchObject({
      level: 60,
      msg: expect.stringMatching(/^Cannot parse address: "nonsense" is not one of /) as string,
    });
  });
});

describe("an application whose log fails", () => {
  test.each([
    ["a full disk on both", ">/dev/full 2>/dev/full"],
    ["a full disk", "2>/dev/full"],
    ["a full disk, and nothing else", ">&- 2>/dev/full"],
  ])("keeps answering, and ends properly: %s", async (_what, redirections) => {
    const run = await start(redirections);
    await expectAnswers(run);
    await end(run);
  });

  test("keeps answering, and ends properly: readers that have left", async () => {
    const pipe = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const run = await start(`>${pipe} 2>&1`);
    closeSync(reader);
    await expectAnswers(run);
    await end(run);
  });

  test("logs again when there is space again, and reports how much was lost", async () => {
    const log = join(temporaryFolder(), "app.log");
    // The shell limits the size of files that are written, in blocks of 512 bytes.
    const run = await start("", { env: { TRICORN_LOG: log } });
    execFileSync("prlimit", [`--pid=${run.process.pid}`, "--fsize=600:600"]);
    for (let time = 0; time < 5; time++) expect((await run.ask("/warn")).status).toBe(200);
    truncateSync(log);
    expect((await run.ask("/warn")).status).toBe(200);
    const [, ...lines] = readFileSync(log, "utf8").trim().split("\n");
    expect(messages(lines).slice(-2)).toEqual(["a word", "a warning"]);
    expect(readFileSync(log, "utf8")).toMatch(/"msg":"Lost \d+ lines of the log"/);
    await end(run);
  });
});
