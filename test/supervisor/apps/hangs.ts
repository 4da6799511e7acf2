// Watches its event loop, and then does what its argument says.
import { readSync } from "node:fs";

import { watchEventLoop } from "../../../src/supervisor/hang-watch.js";

const [, , what = "", then = ""] = process.argv;

function spinForEver(): never {
  for (;;) Math.sqrt(2);
}

/** Waits in a system call for input that never comes. */
function readForEver(): void {
  readSync(0, Buffer.alloc(1));
}

/** Spins until its event loop was reported, and a little longer. */
function spinForAWhile(): void {
  const end = performance.now() + 3_000;
  while (performance.now() < end) Math.sqrt(2);
  console.log("went on");
}

const doings: Readonly<Record<string, () => void>> = {
  spin: spinForEver,
  regex: () => /^(?:a+)+$/.test(`${"a".repeat(64)}b`),
  read: readForEver,
  while: spinForAWhile,
  exit: () => process.exit(3),
  idle: () => setTimeout(() => console.log("idle"), 3_000),
};

const ended = (): void => {
  console.log("ended");
  process.exitCode = 4;
};
await watchEventLoop({ limit: 1_000, ...(then === "end" ? { ended } : {}) });
doings[what]!();
