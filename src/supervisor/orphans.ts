import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { WORKER_VARIABLE, type WorkerPlace } from "../process/worker-place.js";
import { formatAddress, parseAddress, type AddressLike } from "../protocol/address.js";

/** Letters of the name of a meeting point. */
const NAME_LENGTH = 16;

/**
 * The path of the unix socket at which the workers of a dead master find the next one, which serves the same addresses. It must be
 * in a folder that no other user may enter.
 */
export function meetingPoint(
  folder: string,
  { script, addresses }: { readonly script: string; readonly addresses: readonly AddressLike[] },
): string {
  const names = addresses.map((address) => {
    const parsed = parseAddress(address);
    // A descriptor says nothing about the address.
    return parsed.kind === "fd" ? `${formatAddress(parsed)} ${script}` : formatAddress(parsed);
  });
  const name = createHash("sha256").update(names.join("\n")).digest("hex").slice(0, NAME_LENGTH);
  return join(folder, `next-${name}.sock`);
}

/** The processes that wait at a meeting point because their master is gone; none without /proc. */
export function orphansAt(path: string): readonly number[] {
  return pids().filter((pid) => {
    const place = placeOf(pid);
    return place !== undefined && place.next === path && parentOf(pid) !== place.master;
  });
}

/** Whether a process runs. */
export function isThere(pid: number): boolean {
  return placeOf(pid) !== undefined;
}

function pids(): readonly number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** What a process was given at its start; undefined if it is no worker. Of one that has ended the file is empty. */
function placeOf(pid: number): WorkerPlace | undefined {
  try {
    const start = `${WORKER_VARIABLE}=`;
    const text = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .find((variable) => variable.startsWith(start));
    return text === undefined ? undefined : (JSON.parse(text.slice(start.length)) as WorkerPlace);
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program, in parentheses, may contain spaces.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
