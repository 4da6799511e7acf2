import { readdirSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";

import { http } from "../gateway/support/http.js";
import { isRunning } from "../../src/process/is-running.js";
import { signalIfRunning } from "../support/marked-processes.js";
import { temporaryFolder } from "../support/served.js";
import { DevProcess, Project } from "./support/project.js";

const MAIN = `import { Get, Responder, serve } from "tricorn";

@Responder()
class Slow {
  onStop(): void {
    console.log("stop hook");
  }

  @Get("/pid")
  pid(): string {
    return String(process.pid);
  }

  @Get("/never")
  never(): Promise<string> {
    console.log("never begins");
    return new Promise(() => {});
  }

  @Get("/events", { type: "text/event-stream", streams: true })
  async *events(): AsyncGenerator<string> {
    yield "data: 1\\n\\n";
    await new Promise(() => {});
  }
}

await serve([Slow]);
`;

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends streams at once, runs the stop hooks, and leaves nothing behind",
  async (signal) => {
    const TMPDIR = temporaryFolder();
    const dev = new DevProcess(new Project({ "src/main.ts": MAIN }), [], { TMPDIR });
    const url = await dev.url();
    const pid = Number((await http(url, "/pid")).body);
    const stream = http(url, "/events").catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(() => dev.errors.some((line) => line.includes("Program serves"))).toBe(true);
    await http(url, "/pid");
    dev.kill(signal);
    expect(await dev.ended).toBe(0);
    expect(await stream).toBe("ECONNRESET");
    expect(dev.output).toContain("stop hook");
    expect(isRunning(pid)).toBe(false);
    expect(readdirSync(TMPDIR)).toEqual([]);
    await expect(http(url, "/pid")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  },
);

test("a signal says what is waited for, and a second one ends everything at once", async () => {
  const TMPDIR = temporaryFolder();
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }), [], { TMPDIR });
  const url = await dev.url();
  const pid = Number((await http(url, "/pid")).body);
  const never = http(url, "/never?secret=1").catch((error: NodeJS.ErrnoException) => error.code);
  await dev.line(/never begins/);
  dev.kill("SIGINT");
  await dev.line(/"method":"GET","path":"\/never","msg":"Waiting for a request"/);
  // npm repeats the signal of a terminal.
  dev.kill("SIGINT");
  dev.kill("SIGTERM");
  expect(await dev.ended).toBe(143);
  expect(await never).toBe("ECONNRESET");
  await expect.poll(() => isRunning(pid)).toBe(false);
  expect(readdirSync(TMPDIR)).toEqual([]);
});

test("a program that spins ends with a development server that was killed", async () => {
  const folder = temporaryFolder();
  const spinning = MAIN.replace(
    'console.log("never begins");',
    'console.log("spins " + process.pid);\n    for (;;);',
  );
  const dev = new DevProcess(new Project({ "src/main.ts": spinning }), [], { TMPDIR: folder });
  void http(await dev.url(), "/never").catch(() => {});
  const [, pid] = await dev.line(/^spins (\d+)/);
  onTestFinished(() => signalIfRunning(Number(pid), "SIGKILL"));
  dev.kill("SIGKILL");
  await dev.ended;
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
  await expect.poll(() => readdirSync(folder)).toEqual([]);
});

test("a program ends with a development server that was killed, and leaves no socket", async () => {
  const folder = temporaryFolder();
  const dev = new DevProcess(new Project({ "src/main.ts": MAIN }), [], { TMPDIR: folder });
  const pid = Number((await http(await dev.url(), "/pid")).body);
  dev.kill("SIGKILL");
  await dev.ended;
  await expect.poll(() => isRunning(pid)).toBe(false);
  await expect.poll(() => readdirSync(folder)).toEqual([]);
});
