import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A server that does not listen after so long is given up; ms. */
const START_LIMIT = 10_000;

/** Whatever ends the benchmark ends them too. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) endGroup(child, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** A measured server, which listens on a unix socket. */
export interface ServerProcess {
  /** The unix socket. */
  readonly socket: string;
  /** It and all that it has started. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Starts a server and waits until it can be connected to. What it says on standard error is shown. */
export async function startServer(
  [program, ...args]: readonly [string, ...string[]],
  socket: string,
): Promise<ServerProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], detached: true });
  running.add(child);
  const ended = once(child, "exit").then(() => running.delete(child));
  const deadline = performance.now() + START_LIMIT;
  // Looked for before it is connected to, which costs the core more that the server starts on.
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
    stop: async () => {
      endGroup(child, "SIGTERM");
      const killed = setTimeout(() => endGroup(child, "SIGKILL"), 3_000);
      await ended;
      clearTimeout(killed);
    },
  };
}

/** A server leads a group of its own, in which are the processes that it starts. */
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

/** KiB that a process has in memory, or had at the most since {@link forgetPeak}. */
export function memoryOf(pid: number, which: "VmRSS" | "VmHWM"): number {
  const [, kibibytes] = new RegExp(`^${which}:\\s+(\\d+) kB`, "m").exec(
    readFileSync(`/proc/${pid}/status`, "utf8"),
  )!;
  return Number(kibibytes);
}

/** From here on the peak counts anew (proc(5), clear_refs). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** CPU in ms that the threads of a process have used which are still there. */
export function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const used = threads.map((thread) => {
    const [nanoseconds = ""] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(nanoseconds);
  });
  return used.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}
