import { describe, expect, it } from "vitest";

import { ByteCollector } from "../../src/protocol/byte-collector.js";

describe("ByteCollector", () => {
  it("keeps the order over several rounds of joining", () => {
    const collector = new ByteCollector();
    const pieces = Array.from({ length: 10_000 }, (_, index) => Buffer.from([index & 0xff, index >> 8]));
    for (const piece of pieces) collector.push(piece);
    expect(collector.length).toBe(20_000);
    expect(collector.take().equals(Buffer.concat(pieces))).toBe(true);
    expect(collector.length).toBe(0);
  });

  it("does not copy its content again for each batch", () => {
    const collector = new ByteCollector();
    const piece = Buffer.alloc(1024);
    const start = process.cpuUsage();
    for (let count = 0; count < 64 * 1024; count += 1) collector.push(piece);
    expect(collector.take()).toHaveLength(64 * 1024 * 1024);
    const { user, system } = process.cpuUsage(start);
    // Some 50 ms of processor time; with the square of the length in it, more than 20 seconds.
    expect((user + system) / 1_000).toBeLessThan(5_000);
  });
});
