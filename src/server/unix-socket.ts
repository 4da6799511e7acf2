import { lstatSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { isMainThread } from "node:worker_threads";

import { ConfigurationError } from "../errors.js";

/** The mode of a unix socket where nothing else is said: its owner and group may connect. */
const DEFAULT_MODE = 0o660;

/**
 * Runs `listen`, which must bind at once, with a umask that gives the socket its final mode from the start: there is no
 * moment in which somebody else could connect.
 */
export function withSocketMode(listen: () => void, mode = DEFAULT_MODE): void {
  // A worker thread cannot set the umask, which belongs to the process.
  if (!isMainThread) {
    listen();
    return;
  }
  const previous = process.umask(0o777 & ~mode);
  try {
    listen();
  } finally {
    process.umask(previous);
  }
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
