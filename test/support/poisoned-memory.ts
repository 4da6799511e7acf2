import { vi } from "vitest";

import { BlockPool } from "../../src/protocol/block-pool.js";
import { RecordWriter } from "../../src/protocol/record-writer.js";
import { AcceptedSocket } from "../../src/server/accepted-socket.js";
import { Server } from "../../src/server/server.js";

/** What memory holds that may be used again. */
export const POISON = 0xdd;
/** Bytes of a slab of small answers; no other memory of a writer is as large in these tests. */
const SLAB_SIZE = 64 * 1024;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What happened to memory that is used again. */
export interface WatchedMemory {
  /** What must not happen, in words. */
  readonly faults: readonly string[];
  /** How often each kind of memory was overwritten. */
  readonly poisoned: { blocks: number; slabs: number; reads: number };
}

/**
 * Until the test ends, overwrites memory as soon as it may be used again: blocks when they are given back, the slab when what was
 * written to it has been sent, and what was read when its receiver returns. Who still uses it gets wrong bytes.
 */
export function poisonMemory(): WatchedMemory {
  const faults: string[] = [];
  const poisoned = { blocks: 0, slabs: 0, reads: 0 };
  poisonBlocks(faults, poisoned);
  poisonSlabs(faults, poisoned);
  poisonReads(poisoned);
  return { faults, poisoned };
}

function poisonBlocks(faults: string[], poisoned: WatchedMemory["poisoned"]): void {
  const { take, give } = BlockPool.prototype;
  const untouched = new WeakSet<Buffer>();
  const lent = new WeakSet<Buffer>();
  vi.spyOn(BlockPool.prototype, "take").mockImplementation(function (this: BlockPool) {
    const block = take.call(this);
    if (block === undefined) return undefined;
    if (lent.has(block)) faults.push("a block was taken that is in use");
    if (untouched.has(block) && !block.equals(Buffer.alloc(block.length, POISON)))
      faults.push("a block was written to after it had been given back");
    lent.add(block);
    return block;
  });
  vi.spyOn(BlockPool.prototype, "give").mockImplementation(function (this: BlockPool, block) {
    if (untouched.has(block) && !lent.has(block)) faults.push("a block was given back twice");
    lent.delete(block);
    untouched.add(block);
    block.fill(POISON);
    poisoned.blocks += 1;
    give.call(this, block);
  });
}

function poisonSlabs(faults: string[], poisoned: WatchedMemory["poisoned"]): void {
  const { take, sent } = RecordWriter.prototype;
  const unsent = new WeakMap<ArrayBufferLike, Set<Range>>();
  const taken = new WeakMap<RecordWriter, readonly Uint8Array[]>();
  const rangeOf = ({ byteOffset, length }: Uint8Array): Range => ({
    start: byteOffset,
    end: byteOffset + length,
  });
  vi.spyOn(RecordWriter.prototype, "take").mockImplementation(function (this: RecordWriter) {
    const buffers = take.call(this);
    const ofSlabs = buffers.filter(({ buffer }) => buffer.byteLength === SLAB_SIZE);
    for (const view of ofSlabs) {
      const ranges = unsent.get(view.buffer) ?? new Set();
      const { start, end } = rangeOf(view);
      for (const other of ranges)
        if (start < other.end && other.start < end) faults.push("a slab was filled again before it was sent");
      unsent.set(view.buffer, ranges.add({ start, end }));
    }
    taken.set(this, ofSlabs);
    return buffers;
  });
  vi.spyOn(RecordWriter.prototype, "sent").mockImplementation(function (this: RecordWriter) {
    for (const view of taken.get(this) ?? []) {
      const { start } = rangeOf(view);
      const ranges = unsent.get(view.buffer)!;
      for (const range of ranges) if (range.start === start) ranges.delete(range);
      view.fill(POISON);
      poisoned.slabs += 1;
    }
    sent.call(this);
  });
}

function poisonReads(poisoned: WatchedMemory["poisoned"]): void {
  const { accept } = Server.prototype;
  vi.spyOn(Server.prototype, "accept").mockImplementation(function (this: Server, socket) {
    const connection = accept.call(this, socket);
    const overwrite = (chunk: Buffer): void => {
      chunk.fill(POISON);
      poisoned.reads += 1;
    };
    if (!(socket instanceof AcceptedSocket)) {
      socket.on("data", overwrite);
      return connection;
    }
    const { receiver } = socket;
    socket.receiver = (chunk) => {
      receiver?.(chunk);
      overwrite(chunk);
    };
    return connection;
  });
}
