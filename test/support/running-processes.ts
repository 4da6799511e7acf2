import { readFileSync, readdirSync } from "node:fs";

/** A process of this machine, as /proc describes it (proc(5)). */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** Whether it has ended, and its parent has not asked how. */
  readonly isZombie: boolean;
  readonly command: string;
}

/** All processes that this one may look at. */
export function runningProcesses(): RunningProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
}

function processOf(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program, in parentheses, may contain spaces.
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
    return { pid, parent: Number(parent), isZombie: state === "Z", command };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Whether a process was started with this variable in its environment: `NAME=value`. */
export function hasVariable(pid: number, variable: string): boolean {
  try {
    // Of one that has ended and waits for its parent it is empty.
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable);
  } catch {
    return false;
  }
}

/** The memory of a process that is in RAM, in bytes; 0 if it has ended. */
export function residentMemory(pid: number): number {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
