/**
 * A point of time in the life of a connection, in ms of a clock that is looked at from time to time. To read the clock whenever
 * one is set would cost each request something, and a reading of a moment ago would have it strike early. So one that was set
 * since the last look is negative: it is the time to wait, counted from the next look on. The one who looks anchors it.
 */
export type Deadline = number;

/** So many ms from the next look at the clock on. */
export function fromNextLook(wait: number): Deadline {
  return -wait;
}

/** The deadline at a look at the clock: a point of time, whatever it was before. */
export function anchored(deadline: Deadline, now: number): Deadline {
  return deadline < 0 ? now - deadline : deadline;
}

/** The deadline later by so many ms. */
export function later(deadline: Deadline, by: number): Deadline {
  return deadline < 0 ? deadline - by : deadline + by;
}

/** How much of it is left, in ms; `lastLook` is what the clock said then. Never less than there is. */
export function timeLeft(deadline: Deadline, lastLook: number): number {
  return deadline < 0 ? -deadline : deadline - lastLook;
}
