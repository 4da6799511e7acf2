/** The longest line, in bytes; what is longer is cut into lines of this length. */
const LONGEST = 64 * 1024;
const LINE_FEED = 0x0a;

/** Cuts the output of a process into lines. */
export class LineReader {
  readonly #line: (line: string) => void;
  #begun: Buffer = Buffer.alloc(0);

  /** @param line gets each line, without its line feed */
  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  /** Reads a chunk. */
  read(chunk: Buffer): void {
    let rest = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    for (;;) {
      const end = rest.indexOf(LINE_FEED);
      if (end < 0 && rest.length < LONGEST) break;
      const length = end < 0 || end > LONGEST ? LONGEST : end;
      this.#line(rest.toString("utf8", 0, length));
      rest = rest.subarray(length === end ? length + 1 : length);
    }
    // A copy: the view would keep the whole chunk.
    this.#begun = Buffer.from(rest);
  }

  /** The output has ended. */
  end(): void {
    if (this.#begun.length > 0) this.#line(this.#begun.toString("utf8"));
    this.#begun = Buffer.alloc(0);
  }
}
