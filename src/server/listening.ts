import type { Server } from "node:net";

/**
 * Connections that may wait to be accepted; the system may allow fewer (net.core.somaxconn). With Node's 511 a burst makes
 * nginx report "Resource temporarily unavailable" on a unix socket, and loses connections over TCP.
 */
export const BACKLOG = 4096;

/** Whether listening failed because the address was taken. */
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
