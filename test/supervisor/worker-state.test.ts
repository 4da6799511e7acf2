import { expect, test } from "vitest";

import {
  STARTING,
  beEmpty,
  beReady,
  end,
  isStaying,
  kill,
  leave,
  prepare,
  type WorkerState,
} from "../../src/supervisor/worker-state.js";

const EXIT = { code: 0, signal: null };
const prepared = prepare(STARTING);
const ready = beReady(prepared);
const leaving = leave(ready, "reload");
const ending = beEmpty(leaving);
const killed = kill(ready, "it did not stop in time");
const ended = end(ending, EXIT);

const names: readonly (readonly [string, WorkerState])[] = [
  ["starting", STARTING],
  ["prepared", prepared],
  ["ready", ready],
  ["leaving", leaving],
  ["ending", ending],
  ["killed", killed],
  ["ended", ended],
];

test.each(names)("a worker comes to the state %s", (kind, state) => {
  expect(state.kind).toBe(kind);
});

test.each([
  ["starting", STARTING, "not started"],
  ["prepared", prepared, "not started"],
  ["ready", ready, "crashed"],
  ["leaving", leaving, "left"],
  ["ending", ending, "left"],
  ["killed", killed, "killed"],
] as const)("a process that exits while it is %s has ended as %s", (_, state, how) => {
  expect(end(state, { code: null, signal: "SIGSEGV" })).toEqual({
    kind: "ended",
    code: null,
    signal: "SIGSEGV",
    how,
  });
});

test.each(names)("nothing changes an ended worker, which was %s", (_, state) => {
  const last = end(state, EXIT);
  for (const next of [prepare(last), beReady(last), leave(last, "stop"), beEmpty(last), kill(last, "late")])
    expect(next).toBe(last);
  expect(end(last, { code: 1, signal: null })).toBe(last);
});

test("a worker that is asked to leave before it is ready leaves, and does not become ready", () => {
  const left = leave(STARTING, "stop");
  expect(beReady(prepare(left))).toEqual({ kind: "leaving", why: "stop" });
});

test("the first reason to leave stays", () => {
  expect(leave(leaving, "memory")).toBe(leaving);
});

test("a worker that was killed does not leave", () => {
  expect(leave(killed, "stop")).toBe(killed);
  expect(kill(killed, "later")).toBe(killed);
});

test.each([
  ["prepare", () => prepare(ready)],
  ["serve with", () => beReady(STARTING)],
  ["end", () => beEmpty(ready)],
])("refuses to %s a worker out of turn", (verb, transition) => {
  expect(transition).toThrow(new RegExp(`^Cannot ${verb} worker: it is `));
});

test("only a worker that serves, or will, stays", () => {
  expect(names.filter(([, state]) => isStaying(state)).map(([name]) => name)).toEqual([
    "starting",
    "prepared",
    "ready",
  ]);
});
