import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import type { Question } from "./peers/control.js";
import type { Counts } from "./peers/memory-counters.js";

/** A server that does not listen within this time has failed; ms. */
const START_LIMIT = 10_000;

/** The end of the benchmark ends its servers too. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) endGroup(child, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** A measured server on a unix socket. */
export interface ServerProcess {
  /** The unix socket; others of the server have its name and a suffix. */
  readonly socket: string;
  /** The server and all processes that it started. */
  pids(): readonly number[];
  /** Asks a server that counts; see peers/control.ts. */
  ask(question: Question): Promise<Counts>;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface StartOptions {
  /** Whether it answers the questions of peers/control.ts. */
  readonly counts?: boolean | undefined;
  /** Additions to its environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Starts a server and waits until it accepts a connection. Its standard error is shown. */
export async function startServer(
  [program, ...args]: readonly [string, ...string[]],
  socket: string,
  { counts = false, env }: StartOptions = {},
): Promise<ServerProcess> {
  const stdio: StdioOptions = ["ignore", "ignore", "inherit", ...(counts ? (["ipc"] as const) : [])];
  const child = spawn(program, args, { stdio, detached: true, env: { ...process.env, ...env } });
  running.add(child);
  const ended = once(child, "exit").then(() => running.delete(child));
  const deadline = performance.now() + START_LIMIT;
  // Checked before connecting, which costs more on the core that the server starts on.
  while (!(existsSync(socket) && (await isListening(socket)))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      endGroup(child, "SIGKILL");
      throw new Error(`Cannot start ${program} ${args.join(" ")}: it does not listen on ${socket}`);
    }
    await delay(1);
  }
  return {
    socket,
    pids: () => [child.pid!, ...descendantsOf(child.pid!)],
    ask: async (question) => {
      child.send(question);
      const [answer] = (await once(child, "message")) as [Counts];
      return answer;
    },
    stop: async () => {
      endGroup(child, "SIGTERM");
      const killed = setTimeout(() => endGroup(child, "SIGKILL"), 3_000);
      await ended;
      clearTimeout(killed);
    },
  };
}

/** A server leads a process group that contains the processes that it starts. */
function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid!, signal);
  } catch {
    // They have ended.
  }
}

function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

function descendantsOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  const children = text.split(" ").filter(Boolean).map(Number);
  return children.concat(children.flatMap(descendantsOf));
}

/** KiB that a process has in memory, or its maximum since {@link forgetPeak}. */
export function memoryOf(pid: number, which: "VmRSS" | "VmHWM"): number {
  const [, kibibytes] = new RegExp(`^${which}:\\s+(\\d+) kB`, "m").exec(
    readFileSync(`/proc/${pid}/status`, "utf8"),
  )!;
  return Number(kibibytes);
}

/** Resets the peak (proc(5), clear_refs). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** CPU in ms of the live threads of a process. */
export function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const used = threads.map((thread) => {
    const [nanoseconds = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(nanoseconds);
  });
  return used.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}
