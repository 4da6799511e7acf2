import { describe, expect, test } from "vitest";

import { WorkerEnds } from "../../src/supervisor/worker-ends.js";
import type { WorkerState } from "../../src/supervisor/worker-state.js";

/** The ends that are remembered of a worker that went through these states. */
function endsOf(...states: readonly WorkerState[]): WorkerEnds["last"] {
  const ends = new WorkerEnds();
  const worker = { pid: 101, slot: 1, generation: 2, startedAt: Date.now() - 5_000, state: states[0]! };
  for (const state of states) ends.changed(Object.assign(worker, { state }));
  return ends.last;
}

const left = { kind: "ended", code: 0, signal: null, how: "left" } as const;

describe("the last ends of workers", () => {
  test("have a worker that crashed, with its age and signal", () => {
    const [end] = endsOf({ kind: "ready" }, { kind: "ended", code: null, signal: "SIGSEGV", how: "crashed" });
    expect(end).toMatchObject({
      pid: 101,
      slot: 1,
      generation: 2,
      how: "crashed",
      why: undefined,
      code: null,
      signal: "SIGSEGV",
    });
    expect(end!.age).toBeGreaterThanOrEqual(5_000);
  });

  test("have the reason of a worker that was recycled or killed", () => {
    const [recycled] = endsOf({ kind: "leaving", why: "memory" }, { kind: "ending" }, left);
    expect(recycled).toMatchObject({ how: "left", why: "memory", code: 0 });
    const killed = { kind: "ended", code: null, signal: "SIGKILL", how: "killed" } as const;
    const [late] = endsOf(
      { kind: "leaving", why: "reload" },
      { kind: "killed", why: "it did not end" },
      killed,
    );
    expect(late).toMatchObject({ how: "killed", why: "it did not end" });
  });

  test.each(["reload", "stop"] as const)("leave out a worker that left well for a %s", (why) => {
    expect(endsOf({ kind: "leaving", why }, { kind: "ending" }, left)).toEqual([]);
    expect(endsOf({ kind: "leaving", why }, { ...left, code: 1 })).toHaveLength(1);
  });

  test("are at most twenty, the newest one last", () => {
    const ends = new WorkerEnds();
    for (let pid = 1; pid <= 25; pid += 1)
      ends.changed({ pid, slot: 0, generation: 0, startedAt: 0, state: { ...left, how: "crashed" } });
    expect(ends.last.map(({ pid }) => pid)).toEqual(Array.from({ length: 20 }, (_, at) => at + 6));
  });
});
