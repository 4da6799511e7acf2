import type { Duplex } from "node:stream";

import type { RecordWriter } from "../protocol/record-writer.js";
import type { ConnectionObserver } from "./client-observer.js";
import type { OutputGate } from "./request-sender.js";

/** Unsent bytes above which bodies are not read. */
const SEND_HIGH_WATER = 64 * 1024;

/** What a connection sends, and what observes it. */
export interface ConnectionOutputSource {
  readonly records: RecordWriter;
  readonly observer: ConnectionObserver | undefined;
}

/** Writes the queued records of a connection, once per turn of the event loop, and lets senders take turns. */
export class ConnectionOutput implements OutputGate {
  readonly #transport: Duplex;
  readonly #records: RecordWriter;
  readonly #observer: ConnectionObserver | undefined;
  readonly #waiting: (() => void)[] = [];
  #flushQueued = false;
  #closed = false;

  constructor(transport: Duplex, { records, observer }: ConnectionOutputSource) {
    this.#transport = transport;
    this.#records = records;
    this.#observer = observer;
    transport.on("drain", this.#wake);
  }

  /** Whether the transport accepts output. */
  get writable(): boolean {
    return this.#records.length + this.#transport.writableLength < SEND_HIGH_WATER;
  }

  /** Schedules a write. */
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

  /** Writes all queued records. */
  readonly flush = (): void => {
    this.#flushQueued = false;
    const transport = this.#transport;
    const buffers = this.#records.take();
    if (this.#closed || transport.destroyed) return;
    if (this.#observer !== undefined) for (const buffer of buffers) this.#observer.sent(buffer);
    if (buffers.length > 1) transport.cork();
    for (const buffer of buffers) transport.write(buffer);
    if (buffers.length > 1) transport.uncork();
    this.#wake();
  };

  /** Stops writing, and wakes all senders. */
  close(): void {
    this.#closed = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Wakes one sender, which queues one slice; the next one follows when that output has been sent. */
  readonly #wake = (): void => {
    if (!this.writable) return;
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#wake);
  };
}
