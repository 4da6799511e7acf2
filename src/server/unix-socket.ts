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
/** How often a name is tried while other processes take it and give it up. */
const MOST_TRIES = 50;

/**
 * Binds a unix socket so that at no moment a peer without permission can connect, the file exists without a listener, or two
 * servers own it: it is bound in a private folder, and renamed when everything else is done. The file of a dead process is
 * replaced, that of a live one is not.
 *
 * @returns the file, to be removed when the server closes; undefined if the primary of node:cluster removes it
 * @throws ConfigurationError `ERR_SOCKET_ACCESS` for an owner or group that does not exist, `ERR_ADDRESS_IN_USE` for a path that
 * is taken; other errors as the system reports them
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
  const hidden = new HiddenSocket(path);
  try {
    const ready = listening(server);
    hidden.bind((path) => server.listen({ path, backlog: BACKLOG }));
    if (server.listening) hidden.giveAccess(access);
    // In the same turn if the name is free.
    const named = server.listening ? hidden.nameIfFree() : undefined;
    await ready;
    return named ?? (await hidden.name());
  } finally {
    hidden.remove();
  }
}

/** A socket in a private folder beside its path, until it gets its name. */
export class HiddenSocket {
  readonly #path: string;
  readonly #folder: string;
  readonly #hidden: string;

  /** Makes the folder for a socket that is to have this path. */
  constructor(path: string) {
    this.#path = path;
    // Not join(), which would drop the dot.
    this.#folder = mkdtempSync(`${dirname(path)}/.`);
    chmodSync(this.#folder, 0o700);
    this.#hidden = join(this.#folder, basename(this.#folder));
  }

  /** Binds it under the folder's own name, by a shorter path if that one is too long. */
  bind(bindTo: (path: string) => void): void {
    if (Buffer.byteLength(this.#hidden) <= MAX_PATH_BYTES || !existsSync("/proc/self/fd")) {
      bindTo(this.#hidden);
      return;
    }
    const descriptor = openSync(this.#folder, "r");
    try {
      bindTo(`/proc/self/fd/${descriptor}/${basename(this.#folder)}`);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Sets who may connect. */
  giveAccess(access: GivenAccess): void {
    giveAccess(this.#hidden, access);
  }

  /** Gives it its name; returns undefined if a file has it. */
  nameIfFree(): SocketFile | undefined {
    return SocketFile.name(this.#hidden, this.#path);
  }

  /**
   * Gives it its name; the file of a dead process is replaced.
   *
   * @throws ConfigurationError `ERR_ADDRESS_IN_USE` for a path that is taken
   */
  async name(): Promise<SocketFile> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      await removeStaleSocket(this.#path);
      const file = this.nameIfFree();
      if (file !== undefined) return file;
    }
    throw new ConfigurationError(
      "ERR_ADDRESS_IN_USE",
      `Cannot listen on ${this.#path}: other processes keep taking and releasing it`,
    );
  }

  /** Removes the folder, and the socket if it has no name. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * In a worker of node:cluster the primary binds the path that the workers share, under its umask, and removes the file when
 * the last worker has closed.
 */
async function bindInPrimary(server: Server, path: string, access: GivenAccess): Promise<undefined> {
  const umask = currentUmask();
  if (letsInOthers(umask, access)) {
    throw new ConfigurationError(
      "ERR_SOCKET_ACCESS",
      `Cannot set up unix socket: the primary of node:cluster binds ${path}, and by its umask ${umask.toString(8).padStart(4, "0")} others could connect before its mode is set; call process.umask(0o077) in the primary`,
    );
  }
  const inUse = await removeIfStale(path);
  const ready = listening(server);
  server.listen({ path, backlog: BACKLOG });
  try {
    await ready;
  } catch (error) {
    throw isAddressInUse(error) ? (inUse ?? error) : error;
  }
  giveAccess(path, access);
  return undefined;
}

/**
 * Removes the file of a dead process before the primary is asked to bind: a worker may ask only once, because node:cluster
 * numbers its tries, and shares a socket only among workers that bind it with the same try (lib/internal/cluster, Node 20 to 26).
 *
 * @returns why the path is in use, which may be because the primary has bound it for another worker; undefined if it is free
 */
async function removeIfStale(path: string): Promise<unknown> {
  try {
    for (let tries = 0; SocketFile.at(path) !== undefined && tries < MOST_TRIES; tries += 1) {
      await removeStaleSocket(path);
    }
    return undefined;
  } catch (inUse) {
    return inUse;
  }
}

/** The umask of this process, which a worker inherits from its primary. */
function currentUmask(): number {
  const umask = process.umask(0o777);
  process.umask(umask);
  return umask;
}
