import { once } from "node:events";
import { renameSync } from "node:fs";
import { createServer } from "node:net";

/** Leaves a socket file without a listener, like a killed process. */
export async function leaveStaleSocket(path: string): Promise<void> {
  const dead = createServer();
  dead.listen(path);
  await once(dead, "listening");
  // Node.js removes the file that it has bound when it closes the socket.
  renameSync(path, `${path}.moved`);
  dead.close();
  await once(dead, "close");
  renameSync(`${path}.moved`, path);
}
