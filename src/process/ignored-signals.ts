import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";

/** What is known of how a process was started. */
export interface StartFacts {
  readonly environment: NodeJS.ProcessEnv;
  /** /proc/<pid>/status, or `undefined` where nobody tells. */
  readonly statusOf: (pid: number | "self") => string | undefined;
  readonly parent: number;
}

/**
 * Whether a process was started with SIGHUP ignored, as `nohup` and `trap '' HUP` do it: it shall live on when its terminal is
 * gone. Node.js 20 to 26 forget that and take the default of the signal again, so it is to be seen around the process alone:
 * in the parent, from which it was inherited, and in `_`, by which bash and zsh tell which program they ran.
 */
export function isHangupIgnored({ environment, statusOf, parent }: StartFacts): boolean {
  if (basename(environment["_"] ?? "") === "nohup") return true;
  return (
    ignores(statusOf("self"), constants.signals.SIGHUP) || ignores(statusOf(parent), constants.signals.SIGHUP)
  );
}

/** Whether the line SigIgn has a signal (proc(5)): a mask of 16 hexadecimal digits, whose lowest bit is signal 1. */
function ignores(status: string | undefined, signal: number): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** The facts of this process. */
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
