/** Numbers that look random and are the same for the same seed, on every machine. */
export class Random {
  #state: number;

  /** @param parts what the numbers depend on: a seed, the number of a session */
  constructor(...parts: readonly number[]) {
    this.#state = 0x9e3779b9;
    for (const part of parts) {
      this.#state = Math.imul(this.#state ^ (part >>> 0), 0x85ebca6b) >>> 0;
      this.#next();
    }
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  /** True in so many of 100 cases. */
  percent(share: number): boolean {
    return this.#next() * 100 < share;
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }

  /** Small mostly, now and then large: sizes whose borders matter come more often than others. */
  size(most: number): number {
    const borders = [
      0, 1, 7, 8, 9, 127, 128, 255, 256, 1023, 1024, 16_383, 16_384, 16_385, 65_528, 65_535, 65_536,
    ];
    if (this.percent(30)) return Math.min(this.pick(borders), most);
    return Math.floor(this.#next() ** 4 * (most + 1));
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.#next() * 256;
    return bytes;
  }

  /** Letters and digits. */
  text(length: number): string {
    return this.bytes(length).toString("base64url").slice(0, length);
  }

  shuffle<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = this.whole(0, at);
      [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
    }
    return shuffled;
  }

  /** Mulberry32: from 0 up to, not including, 1. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
