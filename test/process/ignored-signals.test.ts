import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";

import { isHangupIgnored, startFacts } from "../../src/process/ignored-signals.js";

/** Signals 13 and 25, as Node.js sets it, without and with SIGHUP. */
const [without, withHangup] = ["SigIgn:\t0000000001001000\n", "Name:\tsh\nSigIgn:\t0000000000000001\n"];

function facts(own: string | undefined, above: string | undefined, environment: NodeJS.ProcessEnv = {}) {
  return {
    environment,
    parent: 7,
    statusOf: (pid: number | "self") => (pid === "self" ? own : pid === 7 ? above : undefined),
  };
}

describe("isHangupIgnored", () => {
  test.each([
    ["no process ignores it", facts(without, without), false],
    ["the process does", facts(withHangup, without), true],
    ["its parent does", facts(without, withHangup), true],
    ["/proc is missing", facts(undefined, undefined), false],
    ["the mask cannot be read", facts("SigIgn:\tnonsense\n", "SigCgt:\t0000000000000001\n"), false],
    ["bash ran nohup", facts(without, without, { _: "/usr/bin/nohup" }), true],
    ["bash ran something else", facts(without, without, { _: "/usr/bin/node" }), false],
  ])("if %s", (_how, given, expected) => {
    expect(isHangupIgnored(given)).toBe(expected);
  });

  test("reads from this system which signals the parent shell ignores", async () => {
    const shell = spawn("sh", ["-c", "trap '' HUP; echo; read line"], { stdio: ["pipe", "pipe", "inherit"] });
    await once(shell.stdout, "data");
    const { statusOf } = startFacts();
    expect(isHangupIgnored({ environment: {}, statusOf, parent: shell.pid! })).toBe(true);
    shell.stdin.end("\n");
    await text(shell.stdout);
  });
});
