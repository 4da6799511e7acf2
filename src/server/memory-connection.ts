import { duplexPair, type Duplex } from "node:stream";

import type { Server } from "./server.js";

/** Connects to a server in the same process without a socket. Returns the Web server's end. */
export function connectInMemory(server: Server): Duplex {
  const [ours, theirs] = duplexPair();
  // Unlike those of a socket, one end of a pair does not notice that the other was destroyed.
  theirs.once("close", () => ours.destroy());
  ours.once("close", () => theirs.push(null));
  server.accept(ours);
  return theirs;
}
