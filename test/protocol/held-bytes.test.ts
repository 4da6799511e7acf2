import fc from "fast-check";
import { expect, test } from "vitest";

import { BLOCK_SIZE, blocks } from "../../src/protocol/block-pool.js";
import { HeldBytes } from "../../src/protocol/held-bytes.js";
import { Segment } from "../../src/protocol/segment.js";

/** A segment that holds bytes. */
function segmentOf(bytes: Uint8Array): Segment {
  const segment = Segment.for(bytes.length);
  expect(segment.push(bytes)).toBe(bytes.length);
  return segment;
}

const inUse = (): number => blocks.counts.inUse;

test("a segment of 4 KiB or more is a block until it is released, once", () => {
  const before = inUse();
  const [small, large] = [segmentOf(Buffer.alloc(4095, "s")), segmentOf(Buffer.alloc(4096, "l"))];
  expect(inUse()).toBe(before + 1);
  expect(large.bytes.equals(Buffer.alloc(4096, "l"))).toBe(true);
  for (const segment of [small, large, large]) segment.release();
  expect(inUse()).toBe(before);
});

test("a segment that is abandoned leaves the pool, and is not given back", () => {
  const before = blocks.counts;
  const segment = segmentOf(Buffer.alloc(5000));
  const { buffer } = segment.bytes;
  segment.abandon();
  segment.release();
  expect(inUse()).toBe(before.inUse);
  const free = Array.from({ length: blocks.counts.free + 1 }, () => blocks.take()!);
  expect(free.every((block) => block.buffer !== buffer)).toBe(true);
  for (const block of free) blocks.give(block);
});

test.each([1, 1000, 4096, 10_000, BLOCK_SIZE])(
  "%i bytes of their own are in memory of just that size",
  (length) => {
    const before = inUse();
    const bytes = Buffer.alloc(length, "x");
    const segment = segmentOf(bytes);
    const shared = segment.bytes.buffer;
    const own = segment.own();
    expect(own.equals(bytes)).toBe(true);
    expect([own.byteOffset, own.buffer.byteLength]).toEqual([0, length]);
    if (length >= 4096) expect(own.buffer).not.toBe(shared);
    expect(inUse()).toBe(before);
  },
);

test("held bytes come out as they went in, however they are taken, and no block stays in use", () => {
  const before = inUse();
  const pieces = fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 12 });
  const ends = fc.constantFrom("shifted", "owned", "joined", "cleared");
  fc.assert(
    fc.property(pieces, fc.array(fc.boolean()), ends, (lengths, adopted, end) => {
      const held = new HeldBytes();
      const sent = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      for (const [index, piece] of sent.entries()) {
        if (adopted[index] !== true || piece.length > BLOCK_SIZE) held.push(piece);
        else held.adopt(segmentOf(piece));
        // What a piece is in may be used again at once.
        piece.fill(0xdd);
      }
      const all = Buffer.concat(lengths.map((length, index) => Buffer.alloc(length, index + 1)));
      expect(held.length).toBe(all.length);
      const out: Buffer[] = [];
      if (end === "cleared") held.clear();
      else if (end === "joined") out.push(held.take().own());
      else
        for (let segment = held.shift(); segment !== undefined; segment = held.shift()) {
          out.push(end === "owned" ? segment.own() : Buffer.from(segment.bytes));
          segment.release();
        }
      if (end !== "cleared") expect(Buffer.concat(out).equals(all)).toBe(true);
      expect([held.length, inUse()]).toEqual([0, before]);
    }),
    { numRuns: 60 },
  );
});
