import type { Duplex } from "node:stream";

/** Bytes that Node.js reads from a socket at once. */
const FULL_READ = 64 * 1024;

/** The receiving side of a socket: reads while there is room, and keeps what is left of a chunk that asked for too much. */
export class SocketInput {
  readonly #socket: Duplex;
  /** What is left of a chunk that asked for more than may be answered at once; undefined if nothing is. */
  rest: Buffer | undefined;
  /** Whether the last chunk was as long as Node.js reads, so that it reads again at once. */
  moreFollows = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** A chunk has come from the socket. */
  arrived({ length }: Buffer): void {
    this.moreFollows = length >= FULL_READ;
  }

  /** Notes how many bytes of a chunk were read. */
  read(chunk: Buffer, bytes: number): void {
    this.rest = bytes < chunk.length ? chunk.subarray(bytes) : undefined;
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
