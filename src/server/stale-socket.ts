import { closeSync, lstatSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { ConfigurationError } from "../errors.js";
import { SocketFile } from "./socket-file.js";

/** Between two looks at what another process does that starts in the same place; ms. */
const LOOK_AGAIN = 20;
/** A process that has been removing a socket file for so long was killed; ms. */
const ABANDONED = 10_000;

/**
 * Removes a socket file that nobody listens on any more. Of several processes that start at once each removes a file at most
 * once, and never one that another of them has made meanwhile.
 *
 * @throws ConfigurationError `ERR_ADDRESS_IN_USE` when somebody listens, or when the path is something else than a socket
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const file = SocketFile.at(path);
  if (file === undefined) return;
  if (!file.isSocket) throw inUse(path, "it exists and is no socket");
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

/** Whether it is this process that removes a file: the one that has made the file of the claim. */
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
      // Only a refused connection proves that nobody listens; a full backlog or a missing right does not.
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

function inUse(path: string, fact: string): ConfigurationError {
  return new ConfigurationError("ERR_ADDRESS_IN_USE", `Cannot listen on ${path}: ${fact}`);
}
