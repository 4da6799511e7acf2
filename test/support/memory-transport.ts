import { Duplex } from "node:stream";

import { answerOf, type Answer } from "./answer.js";
import { Records, Type, type Received } from "./records.js";

/** The application's end of a connection without a socket, and its output, which is accepted at once. */
export class MemoryTransport extends Duplex {
  readonly #records = new Records();
  readonly #open = new Map<number, Received[]>();
  #wake: (() => void) | undefined;
  readonly answers: [id: number, answer: Answer][] = [];
  bytesWritten = 0;

  constructor() {
    super({ allowHalfOpen: true, emitClose: true });
  }

  override _read(): void {
    // What the peer sends is pushed by the test.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytesWritten += chunk.length;
    for (const record of this.#records.push(chunk)) this.#sort(record);
    done();
  }

  /** Resolves when this many requests have been answered. */
  async answered(count: number): Promise<void> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #sort(record: Received): void {
    const records = this.#open.get(record.id) ?? [];
    records.push(record);
    this.#open.set(record.id, records);
    if (record.type !== Type.end) return;
    this.#open.delete(record.id);
    this.answers.push([record.id, answerOf(records)]);
    this.#wake?.();
  }
}
