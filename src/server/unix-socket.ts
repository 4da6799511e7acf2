import cluster from "node:cluster";
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { basename, dirname, join } from "node:path";

import { ConfigurationError } from "../errors.js";
import { BACKLOG, isAddressInUse, listening } from "./listening.js";
import {
  giveAccess,
  givenAccess,
  letsInOthers,
  type GivenAccess,
  type SocketAccess,
} from "./socket-access.js";
import { SocketFile } from "./socket-file.js";
import { removeStaleSocket } from "./stale-socket.js";

/** The longest path that bind(2) takes: sun_path has 108 bytes on Linux, the last one for NUL. */
const MAX_PATH_BYTES = 107;
/** So often a name is tried that others, who start at the same time, take and give up again. */
const MOST_TRIES = 50;

/**
 * Binds a unix socket so that there is no moment in which somebody could connect who shall not, none in which the file is
 * there and nobody listens, and none in which two servers believe that it is theirs: it is bound in a folder that nobody else can
 * enter, and gets its name when everything else is done. A file that a dead process left is replaced, one that is alive is not.
 *
 * @returns the file, to be removed when the server closes; undefined where that is somebody else's matter
 * @throws ConfigurationError `ERR_SOCKET_ACCESS` for an owner or group that does not exist, `ERR_ADDRESS_IN_USE` for a path that
 * is taken; other errors as the system tells them
 */
export function bindSocket(
  server: Server,
  path: string,
  access?: SocketAccess,
): Promise<SocketFile | undefined> {
  const given = givenAccess(access);
  return cluster.isWorker ? bindInPrimary(server, path, given) : bindHidden(server, path, given);
}

async function bindHidden(server: Server, path: string, access: GivenAccess): Promise<SocketFile> {
  // Not join(), which takes the dot for the folder itself.
  const folder = mkdtempSync(`${dirname(path)}/.`);
  try {
    chmodSync(folder, 0o700);
    const hidden = join(folder, basename(folder));
    const ready = listening(server);
    listenBelow(server, folder);
    if (server.listening) giveAccess(hidden, access);
    // In the same turn where the name is free.
    const named = server.listening ? SocketFile.name(hidden, path) : undefined;
    await ready;
    return named ?? (await nameWhenFree(hidden, path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Binds a socket of the folder's own name in it, by a shorter path where that one is too long. */
function listenBelow(server: Server, folder: string): void {
  const name = basename(folder);
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES || !existsSync("/proc/self/fd")) {
    server.listen({ path, backlog: BACKLOG });
    return;
  }
  const descriptor = openSync(folder, "r");
  try {
    server.listen({ path: `/proc/self/fd/${descriptor}/${name}`, backlog: BACKLOG });
  } finally {
    closeSync(descriptor);
  }
}

async function nameWhenFree(hidden: string, path: string): Promise<SocketFile> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    await removeStaleSocket(path);
    const file = SocketFile.name(hidden, path);
    if (file !== undefined) return file;
  }
  throw new ConfigurationError(
    "ERR_ADDRESS_IN_USE",
    `Cannot listen on ${path}: other processes take and leave it all the time`,
  );
}

/**
 * In a worker of node:cluster it is the primary that binds, by the path that the workers share, under its umask, and that
 * removes the file when the last of them has closed.
 */
async function bindInPrimary(server: Server, path: string, access: GivenAccess): Promise<undefined> {
  const umask = currentUmask();
  if (letsInOthers(umask, access)) {
    throw new ConfigurationError(
      "ERR_SOCKET_ACCESS",
      `Cannot set up unix socket: the primary of node:cluster binds ${path}, and by its umask ${umask.toString(8).padStart(4, "0")} others could connect before its mode is set; call process.umask(0o077) in the primary`,
    );
  }
  for (let tries = 0; ; tries += 1) {
    try {
      const ready = listening(server);
      server.listen({ path, backlog: BACKLOG });
      await ready;
      break;
    } catch (error) {
      if (!isAddressInUse(error) || tries >= MOST_TRIES) throw error;
      await removeStaleSocket(path).catch((inUse: unknown) => {
        // It may be another worker that listens by now: then it is shared with that.
        if (tries > 0) throw inUse;
      });
    }
  }
  giveAccess(path, access);
  return undefined;
}

/** The umask of this process, which a worker has from its primary. */
function currentUmask(): number {
  const umask = process.umask(0o777);
  process.umask(umask);
  return umask;
}
