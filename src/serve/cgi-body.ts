import type { Readable } from "node:stream";

import { after } from "../client/after.js";

/**
 * The body on standard input: exactly as many bytes as CONTENT_LENGTH says, because a server need not close standard input
 * after them (RFC 3875, section 4.2). Without a number there is no body, unless the client sent chunks: then Apache 2.4
 * sets no length, and the body ends with standard input.
 */
export class CgiBody implements AsyncIterable<Buffer> {
  readonly #open: () => Readable;
  #input: Readable | undefined;
  #left: number;
  readonly #pieces: AsyncGenerator<Buffer, void, undefined>;

  /** @param open opens standard input; not called if there is no body */
  constructor(open: () => Readable, environment: NodeJS.ProcessEnv) {
    const { CONTENT_LENGTH: length = "", HTTP_TRANSFER_ENCODING: coding } = environment;
    this.#open = open;
    if (/^\d{1,15}$/.test(length)) this.#left = Number(length);
    else this.#left = coding === undefined ? 0 : Infinity;
    this.#pieces = this.#read();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer, void> {
    return {
      next: () => this.#pieces.next(),
      // An answer was sent early, and mod_cgid does not read it before it has sent the whole body.
      return: () => {
        void this.#drain();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /**
   * Reads the rest of the body, for at most `limit` milliseconds: under mod_cgid a program that exits with input unread
   * costs the client its answer. Never rejects.
   */
  async drain(limit: number): Promise<void> {
    const timer = after(limit, () => this.close());
    await this.#drain();
    clearTimeout(timer);
  }

  /** Closes standard input: nothing more is read. */
  close(): void {
    this.#left = 0;
    this.#input?.destroy();
  }

  async #drain(): Promise<void> {
    try {
      for (;;) if ((await this.#pieces.next()).done === true) return;
    } catch {
      // The server has disconnected.
    }
  }

  async *#read(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#left === 0) return;
    this.#input = this.#open();
    const chunks = this.#input.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      const piece = chunk.subarray(0, this.#left);
      this.#left -= piece.length;
      yield piece;
      if (this.#left === 0) return;
    }
  }
}
