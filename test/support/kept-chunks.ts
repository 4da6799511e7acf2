import { expect } from "vitest";

import { blocks } from "../../src/protocol/block-pool.js";

/** Chunks that a handler keeps across the end of its request: each one, a part of it, and a copy to compare with. */
export class KeptChunks {
  readonly #kept: { readonly chunk: Uint8Array; readonly part: Uint8Array; readonly copy: Buffer }[] = [];

  /** Keeps a chunk, and returns it. */
  keep<T extends Uint8Array>(chunk: T): T {
    this.#kept.push({ chunk, part: chunk.subarray(1), copy: Buffer.from(chunk) });
    return chunk;
  }

  /** Keeps the chunks of a stream as they are read. */
  async *of(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of stream) yield this.keep(chunk);
  }

  /** Checks, after the end, that all have their content and share no memory. Returns how many there are. */
  check(): number {
    overwriteFreeBlocks();
    for (const { chunk, part, copy } of this.#kept) {
      expect(copy.equals(chunk)).toBe(true);
      expect(copy.subarray(1).equals(part)).toBe(true);
    }
    const memory = new Set(this.#kept.map(({ chunk }) => chunk.buffer));
    expect(memory.size).toBe(this.#kept.length);
    return memory.size;
  }
}

/** Overwrites the memory that bodies were held in, as later requests do. */
function overwriteFreeBlocks(): void {
  const free = Array.from({ length: blocks.counts.free }, () => blocks.take()!);
  for (const block of free) block.fill(0xdd);
  for (const block of free) blocks.give(block);
}
