import { duplexPair, type Duplex } from "node:stream";

import type { Server } from "./server.js";

/** Connects to a server of the same process without a socket, and returns the Web server's end. */
export function connectInMemory(server: Server): Duplex {
  const [ours, theirs] = duplexPair();
  // Unlike those of a socket, the ends of a pair do not learn that the other one was destroyed.
  theirs.once("close", () => ours.destroy());
  ours.once("close", () => theirs.push(null));
  server.accept(ours);
  return theirs;
}
