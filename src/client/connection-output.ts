import type { Duplex } from "node:stream";

import type { RecordWriter } from "../protocol/record-writer.js";
import type { OutputGate } from "./request-sender.js";

/** Unsent bytes from which on bodies are not read any further. */
const SEND_HIGH_WATER = 64 * 1024;

/** Writes what a connection has queued, in one write per turn of the event loop, and lets senders take turns. */
export class ConnectionOutput implements OutputGate {
  readonly #transport: Duplex;
  readonly #records: RecordWriter;
  readonly #waiting: (() => void)[] = [];
  #flushQueued = false;
  #closed = false;

  constructor(transport: Duplex, records: RecordWriter) {
    this.#transport = transport;
    this.#records = records;
    transport.on("drain", this.#wake);
  }

  /** Whether the transport takes output at the moment. */
  get writable(): boolean {
    return this.#records.length + this.#transport.writableLength < SEND_HIGH_WATER;
  }

  /** Something was queued and is to be written soon. */
  queued(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    process.nextTick(this.flush);
  }

  drained(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Writes everything that is queued. */
  readonly flush = (): void => {
    this.#flushQueued = false;
    const transport = this.#transport;
    const buffers = this.#records.take();
    if (this.#closed || transport.destroyed) return;
    if (buffers.length > 1) transport.cork();
    for (const buffer of buffers) transport.write(buffer);
    if (buffers.length > 1) transport.uncork();
    this.#wake();
  };

  /** Nothing is written any more; nobody has to wait for it. */
  close(): void {
    this.#closed = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Wakes one sender, which queues one slice before it waits again; when its output has left, the next one. */
  readonly #wake = (): void => {
    if (!this.writable) return;
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#wake);
  };
}
