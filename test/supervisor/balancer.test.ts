import { describe, expect, test } from "vitest";

import type { Gift } from "../../src/server/giving.js";
import { Balancer, giftsOf, receiverOf } from "../../src/supervisor/balancer.js";

const workersWith = (...loads: readonly number[]) => loads.map((load) => ({ load }));

test.each([
  [[10, 2], 4],
  [[16, 0, 0, 0], 12],
  [[7, 5, 5, 5], 1.5],
  [[400, 0], 200],
  [[120, 100], 10],
  [[2, 0], 1],
])("workers with %j are not even: the busiest gives %d", (loads, load) => {
  const workers = workersWith(...loads);
  expect([...giftsOf(workers)]).toEqual([[workers[0], { load, gap: loads[0]! - Math.min(...loads) }]]);
});

test("all workers above the average give", () => {
  const [first, second, ...others] = workersWith(40, 30, 20, 10);
  const gifts = giftsOf([first!, second!, ...others]);
  expect(gifts).toEqual(
    new Map([
      [first, { load: 15, gap: 30 }],
      [second, { load: 5, gap: 20 }],
    ]),
  );
});

test.each([[[]], [[9]], [[1, 0]], [[5, 4]], [[100, 90]], [[3, 3, 3]]])(
  "workers with %j are even",
  (loads) => {
    expect(giftsOf(workersWith(...loads)).size).toBe(0);
  },
);

describe("a connection goes to the worker", () => {
  const old = { generation: 0, load: 0 };
  const [busy, idle] = [
    { generation: 1, load: 7 },
    { generation: 1, load: 3 },
  ];

  test("of the newest program that has the least to do", () => {
    expect(receiverOf({ generation: 0 }, [old, busy, idle])).toBe(idle);
  });

  test("that is not its sender", () => {
    expect(receiverOf(idle, [busy, idle])).toBe(busy);
  });

  test("that has no older program than its sender, or to none", () => {
    expect(receiverOf(busy, [old, busy])).toBeUndefined();
  });
});

test("a worker gives until all are even", () => {
  const sent: Gift[] = [];
  const worker = { load: 30, send: ({ load, gap }: Gift) => void sent.push({ load, gap }) };
  const other = { load: 10, send: () => expect.unreachable() };
  const balancer = new Balancer();
  balancer.balance([worker, other]);
  worker.load = 21;
  other.load = 19;
  balancer.balance([worker, other]);
  balancer.balance([worker, other]);
  expect(sent).toEqual([
    { load: 10, gap: 20 },
    { load: 0, gap: 0 },
  ]);
});
