import { expect, test } from "vitest";

import { BLOCK_SIZE, BlockPool } from "../../src/protocol/block-pool.js";

const MOST = 256;

function taken(pool: BlockPool, count: number): Buffer[] {
  return Array.from({ length: count }, () => pool.take()!);
}

test("a block is used again, and not while it is in use", () => {
  const pool = new BlockPool();
  const [one, other] = taken(pool, 2) as [Buffer, Buffer];
  expect(one).not.toBe(other);
  expect([one.length, one.buffer.byteLength]).toEqual([BLOCK_SIZE, BLOCK_SIZE]);
  pool.give(one);
  expect(pool.counts).toEqual({ inUse: 1, free: 1 });
  expect(pool.take()).toBe(one);
  expect(pool.counts).toEqual({ inUse: 2, free: 0 });
});

test("no more than 16 MiB of blocks are in use, and a lost one makes room", () => {
  const pool = new BlockPool();
  const all = taken(pool, MOST);
  expect(MOST * BLOCK_SIZE).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(pool.take()).toBeUndefined();
  expect(pool.counts).toEqual({ inUse: MOST, free: 0 });
  pool.lose();
  expect(all).not.toContain(pool.take());
  expect(pool.take()).toBeUndefined();
  for (const block of all) pool.give(block);
  expect(pool.counts).toEqual({ inUse: 0, free: MOST });
});

test("blocks that were not needed between two trims are freed, the others are kept", () => {
  const pool = new BlockPool();
  for (const block of taken(pool, 10)) pool.give(block);
  pool.trim();
  expect(pool.counts.free).toBe(10);
  for (const block of taken(pool, 4)) pool.give(block);
  pool.trim();
  expect(pool.counts.free).toBe(4);
  pool.trim();
  expect(pool.counts).toEqual({ inUse: 0, free: 0 });
});
