import { describe, expect, test } from "vitest";

import { lastTurns } from "../../src/server/last-turns.js";

const never = () => false;

describe("lastTurns", () => {
  test("waits for a turn in which nothing was accepted", async () => {
    const arrivals = { left: 5, accepted: 0 };
    const next = (): void => {
      if (arrivals.left === 0) return;
      arrivals.left -= 1;
      arrivals.accepted += 1;
      setImmediate(next);
    };
    setImmediate(next);
    await lastTurns({ accepted: () => arrivals.accepted, most: 4096, isOver: never });

    expect(arrivals).toEqual({ left: 0, accepted: 5 });
  });

  test("ends when as many were accepted as the queue holds, even if more arrive", async () => {
    const count = { accepted: 0 };
    await lastTurns({ accepted: () => ++count.accepted, most: 10, isOver: never });

    expect(count.accepted).toBeGreaterThanOrEqual(10);
    expect(count.accepted).toBeLessThan(50);
  });

  test("ends if no more is accepted", async () => {
    const count = { accepted: 0 };
    await lastTurns({ accepted: () => ++count.accepted, most: 4096, isOver: () => count.accepted > 5 });

    expect(count.accepted).toBeLessThan(20);
  });

  test("waits for a short turn, but not forever if every turn is long", async () => {
    const turns = { long: 0, isDone: false };
    const busy = (): void => {
      if (turns.isDone) return;
      turns.long += 1;
      const start = performance.now();
      while (performance.now() - start < 3) continue;
      setImmediate(busy);
    };
    setImmediate(busy);
    await lastTurns({ accepted: () => 0, most: 4096, isOver: never });
    turns.isDone = true;

    expect(turns.long).toBeGreaterThanOrEqual(50);
    expect(turns.long).toBeLessThan(100);
  });
});
