import { closeSync, writeSync } from "node:fs";

/** How often a write to a full destination is tried again. */
const ATTEMPTS = 50;
/** The pause between two attempts, in ms. */
const PAUSE = 2;

const clock = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes lines to a descriptor, each at once, and never throws: a full disk or a reader that has left must cost neither an
 * answer nor the process. Lost lines are counted and reported before the next line that can be written.
 */
export class LogStream {
  #fd: number;
  #lost = 0;
  /** Whether the last write ended inside a line. */
  #cut = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The descriptor. */
  get fd(): number {
    return this.#fd;
  }

  /** Goes on with another descriptor, and closes the one before. */
  moveTo(fd: number): void {
    const before = this.#fd;
    this.#fd = fd;
    closeSync(before);
  }

  /** Writes text that ends with a line feed. */
  write(text: string): void {
    const bytes = Buffer.from(this.#lost === 0 ? text : `${this.#cut ? "\n" : ""}${this.#notice()}${text}`);
    let written = 0;
    let attempts = this.#lost === 0 ? ATTEMPTS : 1;
    while (written < bytes.length) {
      try {
        written += writeSync(this.#fd, bytes, written);
      } catch (error) {
        attempts -= 1;
        if ((error as NodeJS.ErrnoException).code === "EAGAIN" && attempts > 0) {
          // A full pipe that another process has set to non-blocking: wait for its reader.
          Atomics.wait(clock, 0, 0, PAUSE);
          continue;
        }
        this.#lost += 1;
        this.#cut ||= written > 0;
        return;
      }
    }
    this.#lost = 0;
    this.#cut = false;
  }

  #notice(): string {
    const fields = {
      level: 40,
      time: Date.now(),
      pid: process.pid,
      msg: `Lost ${this.#lost} lines of the log`,
    };
    return `${JSON.stringify(fields)}\n`;
  }
}

/** Standard error, for lines outside the log. A stream of Node.js would end the process when its reader leaves. */
export const standardError = new LogStream(2);
