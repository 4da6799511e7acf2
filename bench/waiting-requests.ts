import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { HELLO } from "./peers/bodies.js";
import { formatRequest, withId } from "./request.js";

/** Requests that the server holds until they are released. */
export interface WaitingRequests {
  readonly count: number;
  release(): void;
}

/** Sends requests for /wait, and resolves when the server has received them all. */
export async function waitingRequests(
  path: string,
  { connections, each }: { readonly connections: number; readonly each: number },
): Promise<WaitingRequests> {
  const wait = formatRequest("fastcgi", { target: "/wait" });
  const hello = formatRequest("fastcgi", { target: "/hello" });
  const sockets: Socket[] = [];
  for (let at = 0; at < connections; at += 1) {
    const socket = connect(path);
    sockets.push(socket);
    for (let id = 1; id <= each; id += 1) socket.write(withId(wait, id));
    // Records are read in order: once this one is answered, the others have been dispatched.
    socket.write(withId(hello, each + 1));
    let text = "";
    while (!text.includes(HELLO)) text += String(await once(socket, "data"));
  }
  return {
    count: connections * each,
    release: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
