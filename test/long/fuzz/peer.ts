import { connect } from "node:net";
import type { Duplex } from "node:stream";

import { answeredIn, type Traffic } from "./oracle.js";
import { inTime } from "./time.js";

/** A connection to an application. */
export interface Link {
  readonly socket: Duplex & { resetAndDestroy(): unknown; readonly connecting?: boolean };
  /** Whether the application has sent all that it wrote and closed its side; false where that cannot be seen. */
  finished(): boolean;
}

/** How a peer leaves. */
export type Farewell = "end" | "destroy" | "reset" | "wait";

/** A peer that was sent so much without asking for it closes. */
const ENOUGH = 4 * 1024 * 1024;

/** A connection to a port of this machine. */
export function connectTo(port: number): Link {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  return { socket, finished: () => false };
}

/** The Web server's end of a connection: it keeps what was sent and what came. */
export class Peer {
  readonly socket: Link["socket"];
  readonly #link: Link;
  /** Resolves when the connection is closed, in whatever way. */
  readonly closed: Promise<void>;
  readonly #sent: Buffer[] = [];
  readonly #received: Buffer[] = [];
  #receivedBytes = 0;
  #ended = false;
  #leaving = false;
  #wake: (() => void) | undefined;

  constructor(link: Link) {
    const { socket } = link;
    this.#link = link;
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#receivedBytes += chunk.length;
      if (this.#receivedBytes > ENOUGH) socket.destroy();
      this.#wake?.();
    });
    socket.on("end", () => {
      this.#ended = !socket.destroyed;
      // As Web servers do that have lost their application.
      socket.end();
      this.#wake?.();
    });
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#wake?.();
        resolve();
      });
    });
  }

  /** What went over the connection so far. */
  get traffic(): Traffic {
    return {
      sent: Buffer.concat(this.#sent),
      received: Buffer.concat(this.#received),
      // Whoever is given up with output unsent sees it cut.
      cleanEnd: this.#ended && this.#link.finished(),
    };
  }

  /** Sends bytes, unless the connection is closed or was said goodbye to. */
  send(bytes: Buffer): void {
    if (this.#leaving || !this.socket.writable) return;
    this.#sent.push(bytes);
    this.socket.write(bytes);
  }

  /** Closes in one of the ways that Web servers do. */
  sayGoodbye(way: Farewell): void {
    if (way === "wait") return;
    this.#leaving = true;
    this.socket.resume();
    if (way === "end") this.socket.end();
    // Node.js can reset neither a socket that is not connected yet nor one that is being shut down.
    else if (way === "destroy" || this.socket.connecting === true || this.socket.writableEnded) {
      this.socket.destroy();
    } else {
      this.socket.resetAndDestroy();
      // At once, and not when everything was sent.
      this.socket.destroy();
    }
  }

  /** Resolves when so many requests were answered, or the connection is closed. */
  async answered(count: number): Promise<void> {
    const answered = async (): Promise<void> => {
      while (!this.#ended && !this.socket.destroyed && answeredIn(Buffer.concat(this.#received)) < count) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    await inTime(answered(), `${count} requests were not answered in time`);
  }
}
