import { expect, onTestFinished, test } from "vitest";

import { NodeProcess, commandOf } from "../../support/node-process.js";
import { Operated } from "../operated.js";

/** The command, as a shell runs it. */
function shellCommand(operated: Operated, ...args: readonly string[]): string {
  const words = [
    ...commandOf("src/cli/main.ts"),
    "status",
    "--watch",
    "--control",
    operated.control,
    ...args,
  ];
  return words.map((word) => `'${word}'`).join(" ");
}

/** On a terminal of this size. */
function onTerminal(operated: Operated, size: string): NodeProcess {
  const command = `stty ${size}; exec ${shellCommand(operated)}`;
  return new NodeProcess(["script", "-qec", command, "/dev/null"], {
    stdin: "pipe",
    env: { TERM: "xterm", SHELL: "/bin/sh" },
  });
}

/** The lines of all pictures as a terminal shows them. */
function shown(output: readonly string[]): readonly string[] {
  const text = output.join("\n").replaceAll("\u001b[H", "\n");
  return text.replaceAll(/\u001b\[[?\d]*[A-Za-z]|\r/g, "").split("\n");
}

test("tricorn status --watch draws in place on a terminal, within its size, and gives it back at Ctrl-C", async () => {
  const operated = await Operated.start();
  const watch = onTerminal(operated, "cols 40 rows 12");
  await watch.line(/program: {8}/);
  // Drawn again, at the top.
  await expect
    .poll(() => watch.output.filter((line) => line.includes("\u001b[Hprogram:")).length)
    .toBeGreaterThan(1);
  const lines = shown(watch.output);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  expect(lines.find((line) => line.startsWith("program:"))).toHaveLength(40);
  expect(lines.join("\n")).toMatch(/\nand \d+ more lines/);
  watch.write("\u0003");
  expect(await watch.ended).toBe(0);
  const all = watch.output.join("\n");
  expect(all.indexOf("\u001b[?25l")).toBeGreaterThanOrEqual(0);
  expect(all.lastIndexOf("\u001b[?25h")).toBeGreaterThan(all.lastIndexOf("\u001b[?25l"));
  expect(all.lastIndexOf("\u001b[?1049l")).toBeGreaterThan(all.lastIndexOf("\u001b[H"));
});

test("tricorn status --watch waits for the next master, and shows it", async () => {
  const operated = await Operated.start();
  const watch = new NodeProcess(["sh", "-c", `exec ${shellCommand(operated)}`]);
  await watch.line(new RegExp(`^pid: {12}${operated.master.pid}$`));
  await operated.stop();
  await watch.line(/^Cannot control master: no master listens on /);
  await watch.line(/^Waiting for a master\.$/);
  const next = new Operated({ control: operated.control });
  await next.ready();
  await watch.line(new RegExp(`^pid: {12}${next.master.pid}$`));
  // It was said once, not each second.
  expect(watch.output.filter((line) => line.includes("no master listens on "))).toHaveLength(1);
  expect(watch.output.join("")).not.toContain("\u001b");
  watch.kill("SIGINT");
  expect(await watch.ended).toBe(0);
});

test("tricorn status --watch --json prints a line each time, and ends with its reader", async () => {
  const operated = await Operated.start();
  const watch = new NodeProcess(["sh", "-c", `${shellCommand(operated, "--json")} | head -n 2`]);
  onTestFinished(() => watch.kill("SIGKILL"));
  expect(await watch.ended).toBe(0);
  expect(watch.output.map((line) => (JSON.parse(line) as { pid: number }).pid)).toEqual([
    operated.master.pid,
    operated.master.pid,
  ]);
});

test("tricorn status --watch fails if no master answers the first time", async () => {
  const operated = await Operated.start();
  await operated.stop();
  const { code, err } = await operated.tricorn("status", "--watch");
  expect([code, err]).toEqual([1, expect.stringContaining("ERR_NO_MASTER")]);
});
