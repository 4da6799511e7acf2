import { writeSync } from "node:fs";

/** How often, and how long each time, a destination is waited for that takes nothing at the moment; ms. */
const ATTEMPTS = 50;
const PAUSE = 2;

const clock = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes lines to a descriptor, each at once, and never throws: a full disk or a reader that has left must cost neither
 * an answer nor the process. What could not be written is counted, and told in front of the next line that can.
 */
export class LogStream {
  readonly #fd: number;
  #lost = 0;
  /** Whether the last thing that was written is a part of a line. */
  #cut = false;

  constructor(fd: number) {
    this.#fd = fd;
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
          // A full pipe that somebody else has set to non-blocking. Its reader is given a moment.
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

/** Standard error, for the few lines that are not of the log: a stream of Node.js would end the process with its reader. */
export const standardError = new LogStream(2);
