import type { Duplex } from "node:stream";

import { AcceptedSocket } from "./accepted-socket.js";

/** Bytes that Node.js reads from a socket at once. */
const FULL_READ = 64 * 1024;

/** The receiving side of a socket: reads while there is room, and keeps what is left of a chunk that asked for too much. */
export class SocketInput {
  readonly #socket: Duplex;
  /** What is left of a chunk that asked for more than may be answered at once; undefined if nothing is. */
  rest: Buffer | undefined;
  /** Whether the last chunk was as long as Node.js reads, so that it reads again at once. */
  moreFollows = false;

  /** @param receive called with each chunk, which is valid until it returns */
  constructor(socket: Duplex, receive: (chunk: Buffer) => void) {
    this.#socket = socket;
    const arrived = (chunk: Buffer): void => {
      this.moreFollows = chunk.length >= FULL_READ;
      receive(chunk);
    };
    if (socket instanceof AcceptedSocket) socket.receiver = arrived;
    else socket.on("data", arrived);
  }

  /** Notes how many bytes of a chunk were read. */
  read(chunk: Buffer, bytes: number): void {
    if (bytes === chunk.length) this.rest = undefined;
    // The rest of a rest is in memory of its own already.
    else this.rest = this.rest === undefined ? Buffer.from(chunk.subarray(bytes)) : chunk.subarray(bytes);
  }

  /** Whether the socket is not being read. */
  get paused(): boolean {
    return this.#socket.isPaused();
  }

  set paused(paused: boolean) {
    if (paused === this.paused) return;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }
}
