import { closeSync, lstatSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { ConfigurationError } from "../errors.js";
import { SocketFile } from "./socket-file.js";

/** The wait while another process removes the same file; ms. */
const LOOK_AGAIN = 20;
/** A process that takes longer to remove a socket file was killed; ms. */
const ABANDONED = 10_000;

/**
 * Removes a socket file on which no process listens. If several processes start at once, each file is removed at most once,
 * and never one that another of them has just made.
 *
 * @throws ConfigurationError `ERR_ADDRESS_IN_USE` if a process listens, or the path is not a socket
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const file = SocketFile.at(path);
  if (file === undefined) return;
  if (!file.isSocket) throw inUse(path, "it exists and is not a socket");
  if (await isAlive(path)) throw inUse(path, "another process listens on it");
  const claim = join(dirname(path), `.${basename(path)}.${file.id}`);
  if (!claimed(claim)) {
    await setTimeout(LOOK_AGAIN);
    return;
  }
  try {
    file.remove();
  } finally {
    rmSync(claim, { force: true });
  }
}

/** Whether this process may remove a file: the process that creates the claim file may. */
function claimed(claim: string): boolean {
  try {
    closeSync(openSync(claim, "wx", 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const stats = lstatSync(claim, { throwIfNoEntry: false });
    return stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED;
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // Only a refused connection proves that no process listens; a full backlog or a missing permission does not.
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

function inUse(path: string, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_ADDRESS_IN_USE", `Cannot listen on ${path}: ${fact}`);
}
