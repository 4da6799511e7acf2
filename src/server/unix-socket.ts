import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { isMainThread } from "node:worker_threads";

import { ConfigurationError } from "../errors.js";

/**
 * Connections that may wait to be accepted; the system may allow fewer (net.core.somaxconn). With Node's 511 a burst makes
 * nginx report "Resource temporarily unavailable" on a unix socket, and loses connections over TCP.
 */
export const BACKLOG = 4096;

/** Who may connect to a unix socket. */
export interface SocketAccess {
  /** The mode of the socket; 0o660, its owner and group, if left out. */
  readonly mode?: number | undefined;
  /** The owner, by number or name; whoever runs the process if left out. */
  readonly owner?: number | string | undefined;
  /** The group, by number or name. */
  readonly group?: number | string | undefined;
}

const DEFAULT_MODE = 0o660;

/**
 * Binds a unix socket so that there is no moment in which somebody could connect who shall not: nobody can until owner,
 * group and mode are set. That it could not be bound is told by the server's error event.
 *
 * @throws ConfigurationError `ERR_SOCKET_ACCESS` for an owner or group that does not exist
 */
export function bindSocket(server: Server, path: string, access: SocketAccess = {}): void {
  const { mode = DEFAULT_MODE } = access;
  const owner = idOf(access.owner, "/etc/passwd");
  const group = idOf(access.group, "/etc/group");
  // A worker thread cannot set the umask, which belongs to the process.
  const previous = isMainThread ? process.umask(0o777) : undefined;
  try {
    server.listen({ path, backlog: BACKLOG });
  } finally {
    if (previous !== undefined) process.umask(previous);
  }
  // Where it could not be bound, the file belongs to somebody else.
  if (!server.listening) return;
  if (owner !== undefined || group !== undefined) chownSync(path, owner ?? UNCHANGED, group ?? UNCHANGED);
  chmodSync(path, mode);
}

/** The number that leaves an owner or group as it is (chown(2)). */
const UNCHANGED = -1;

/** The number of a user or group, looked up where it is a name. */
function idOf(name: number | string | undefined, database: string): number | undefined {
  if (typeof name !== "string") return name;
  const fields = readFileSync(database, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([first]) => first === name);
  if (fields?.[2] !== undefined) return Number(fields[2]);
  throw new ConfigurationError("ERR_SOCKET_ACCESS", `Cannot set up unix socket: ${database} has no ${name}`);
}

/**
 * Removes a socket file that nobody listens on any more.
 *
 * @throws ConfigurationError `ERR_ADDRESS_IN_USE` when somebody does, or when the path is something else than a socket
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw inUse(path, "it exists and is no socket");
  if (await isAlive(path)) throw inUse(path, "another process listens on it");
  unlinkSync(path);
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

/** Whether listening failed because the path was taken. */
export function isAddressInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

/** Resolves when the server listens, rejects when it cannot. */
export function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off("listening", done);
      reject(error);
    };
    const done = (): void => {
      server.off("error", failed);
      resolve();
    };
    server.once("listening", done);
    server.once("error", failed);
  });
}
