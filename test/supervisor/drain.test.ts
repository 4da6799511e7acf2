import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import {
  Drain,
  stopStep,
  type MasterPhase,
  type StopOptions,
  type StopStep,
} from "../../src/supervisor/drain.js";

const stop: StopStep = { kind: "stop" };
const kill: StopStep = { kind: "kill" };
const wait: StopStep = { kind: "wait" };
const drain = (time: number): StopStep => ({ kind: "drain", time });

describe("a master that is asked to stop", () => {
  test.each<[MasterPhase, StopOptions, number, StopStep]>([
    ["starting", {}, 10, stop],
    ["starting", { drain: 5 }, 0, stop],
    ["serving", {}, 0, stop],
    ["serving", {}, 10, drain(10)],
    ["serving", { drain: 5 }, 10, drain(5)],
    ["serving", { drain: 5 }, 0, drain(5)],
    ["serving", { drain: 0 }, 10, stop],
    ["draining", {}, 10, stop],
    ["draining", { drain: 0 }, 10, stop],
    ["draining", { drain: 5 }, 10, drain(5)],
    ["stopping", {}, 10, kill],
    ["stopping", { drain: 0 }, 10, kill],
    ["stopping", { drain: 5 }, 0, wait],
  ])("while it is %s, with %j and a usual drain of %i ms, does %j", (phase, options, usual, step) => {
    expect(stopStep(phase, { ...options, usual })).toEqual(step);
  });
});

describe("Drain", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
  afterEach(() => void vi.useRealTimers());

  test("ends once, after the last time that it was given", () => {
    const isOver = vi.fn();
    const one = new Drain(isOver);
    one.last(1_000);
    expect(one.endsAt).toBe(Date.now() + 1_000);
    vi.advanceTimersByTime(900);
    one.last(500);
    expect(one.endsAt).toBe(Date.now() + 500);
    vi.advanceTimersByTime(499);
    expect(isOver).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(isOver).toHaveBeenCalledOnce();
  });

  test("does not call back when it was ended", () => {
    const isOver = vi.fn();
    const one = new Drain(isOver);
    one.last(1_000);
    one.end();
    vi.advanceTimersByTime(10_000);
    expect(isOver).not.toHaveBeenCalled();
  });
});
