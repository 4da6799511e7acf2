import * as childProcess from "node:child_process";
import type { Socket } from "node:net";

/** What a process that was started with a channel calls at its start. Not public; Node.js 20 to 26 have it. */
type ForkChild = (fd: number, serialization: "json") => void;

const { _forkChild: forkChild } = childProcess as unknown as { readonly _forkChild: ForkChild };

/** Never closed: the channel closes the descriptor, and by then another socket may have its number. */
const attached: Socket[] = [];

/**
 * Makes a connected unix socket the channel of this process, in place of one that has closed: `process.send`, `disconnect` and
 * messages with handles work as between parent and child. Nothing may have been read of the socket.
 */
export function attachChannel(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd: number } };
  attached.push(socket);
  // Those of the channel before: Node.js 24 fails if two of them see the acknowledgement of a handle.
  process.removeAllListeners("internalMessage");
  forkChild(handle.fd, "json");
}
