import { duplexPair, type Duplex } from "node:stream";

import type { Server } from "./server.js";

/** A connection without a socket. */
export interface MemoryConnection {
  /** The Web server's end. */
  readonly stream: Duplex;
  /** The `connectionId` of its requests. */
  readonly id: number;
}

/** Connects to a server in the same process without a socket. */
export function connectInMemory(server: Server): MemoryConnection {
  const [ours, theirs] = duplexPair();
  // Unlike those of a socket, one end of a pair does not notice that the other was destroyed.
  theirs.once("close", () => ours.destroy());
  ours.once("close", () => theirs.push(null));
  return { stream: theirs, id: server.accept(ours).id };
}
