import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";

/** The facts that {@link isHangupIgnored} decides by. */
export interface StartFacts {
  readonly environment: NodeJS.ProcessEnv;
  /** Returns /proc/<pid>/status, or undefined if it cannot be read. */
  readonly statusOf: (pid: number | "self") => string | undefined;
  readonly parent: number;
}

/**
 * Whether a process was started with SIGHUP ignored, as by `nohup` and `trap '' HUP`, to outlive its terminal. Node.js 20 to 26
 * reset the signal to its default, so this reads the parent, from which it was inherited, and `_`, in which bash and zsh pass
 * the program that they ran.
 */
export function isHangupIgnored({ environment, statusOf, parent }: StartFacts): boolean {
  if (basename(environment["_"] ?? "") === "nohup") return true;
  return (
    ignores(statusOf("self"), constants.signals.SIGHUP) || ignores(statusOf(parent), constants.signals.SIGHUP)
  );
}

/** Whether SigIgn of a status includes a signal (proc(5)): a mask of 16 hexadecimal digits, whose lowest bit is signal 1. */
function ignores(status: string | undefined, signal: number): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** Returns the facts of this process. */
export function startFacts(): StartFacts {
  return {
    environment: process.env,
    parent: process.ppid,
    statusOf(pid) {
      try {
        return readFileSync(`/proc/${pid}/status`, "latin1");
      } catch {
        return undefined;
      }
    },
  };
}
