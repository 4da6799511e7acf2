// Every transition of a connection's state, and every one that does not exist.
import { expect, test } from "vitest";

import * as states from "../../src/server/connection-state.js";
import type { ConnectionState } from "../../src/server/connection-state.js";

const IDLE = 600;
const NOW = 10_000;

const open = states.open(IDLE);
/** Open, with a deadline that is a point of time since the clock was read. */
const read = states.readClock(open, NOW);
const closing = states.awaitLast(open, "last arrivals");
const peerEnded = states.endPeer(read);
const draining = states.drain(open, 30);
const offered = states.offer(open);
const closed = states.CLOSED;

const all: Readonly<Record<string, ConnectionState>> = {
  open,
  read,
  closing,
  peerEnded,
  draining,
  offered,
  closed,
};

type Transition = (state: ConnectionState) => ConnectionState;
const transitions: Readonly<Record<string, Transition>> = {
  restIdle: (state) => states.restIdle(state, IDLE),
  awaitLast: (state) => states.awaitLast(state, "first request", 5),
  endPeer: states.endPeer,
  awaitAnswers: (state) => states.awaitAnswers(state, 7),
  drain: (state) => states.drain(state, 9),
  drop: (state) => states.drop(state, 320),
  hurry: (state) => states.hurry(state, 11, NOW),
  readClock: (state) => states.readClock(state, NOW),
  offer: states.offer,
  takeBack: (state) => states.takeBack(state, IDLE),
};

/** The result of each transition in each state; a text is the fault. */
const expected: Readonly<Record<string, Readonly<Record<string, ConnectionState | string>>>> = {
  restIdle: { open, read: open, closing, peerEnded, draining, offered, closed },
  awaitLast: {
    open: { kind: "open", awaits: "first request", deadline: -5 },
    read: { kind: "open", awaits: "first request", deadline: -5 },
    closing: { kind: "open", awaits: "first request", deadline: -5 },
    peerEnded,
    draining,
    offered,
    closed,
  },
  endPeer: {
    open: { kind: "peer ended", deadline: -IDLE },
    read: { kind: "peer ended", deadline: NOW + IDLE },
    closing: { kind: "peer ended", deadline: -IDLE },
    peerEnded: "Cannot end the peer's side of connection: it is peer ended",
    draining,
    offered: { kind: "offered", hasEnded: true },
    closed,
  },
  awaitAnswers: {
    open,
    read,
    closing,
    peerEnded: { kind: "peer ended", deadline: -7 },
    draining,
    offered,
    closed,
  },
  drain: {
    open: { kind: "draining", deadline: -9, dropped: 0 },
    read: { kind: "draining", deadline: -9, dropped: 0 },
    closing: { kind: "draining", deadline: -9, dropped: 0 },
    peerEnded: { kind: "draining", deadline: -9, dropped: 0 },
    draining: "Cannot drain connection: it is draining",
    offered: "Cannot drain connection: it is offered",
    closed: "Cannot drain connection: it is closed",
  },
  drop: {
    open: "Cannot drop input of connection: it is open",
    read: "Cannot drop input of connection: it is open",
    closing: "Cannot drop input of connection: it is open",
    peerEnded: "Cannot drop input of connection: it is peer ended",
    // 320 bytes take 20 ms at the slowest rate.
    draining: { kind: "draining", deadline: -50, dropped: 320 },
    offered: "Cannot drop input of connection: it is offered",
    closed,
  },
  hurry: {
    open,
    read,
    closing,
    peerEnded,
    draining: { kind: "draining", deadline: -11, dropped: 0 },
    offered,
    closed,
  },
  readClock: {
    open: { kind: "open", awaits: "nothing", deadline: NOW + IDLE },
    read,
    closing: { kind: "open", awaits: "last arrivals", deadline: NOW + IDLE },
    peerEnded,
    draining: { kind: "draining", deadline: NOW + 30, dropped: 0 },
    offered,
    closed,
  },
  offer: {
    open: offered,
    read: offered,
    closing: offered,
    peerEnded: "Cannot offer connection: it is peer ended",
    draining: "Cannot offer connection: it is draining",
    offered: "Cannot offer connection: it is offered",
    closed: "Cannot offer connection: it is closed",
  },
  takeBack: {
    open: "Cannot take back connection: it is open",
    read: "Cannot take back connection: it is open",
    closing: "Cannot take back connection: it is open",
    peerEnded: "Cannot take back connection: it is peer ended",
    draining: "Cannot take back connection: it is draining",
    offered: open,
    closed,
  },
};

const cases = Object.keys(transitions).flatMap((transition) =>
  Object.keys(all).map((state) => [transition, state] as const),
);

test.each(cases)(
  "%s of a connection that is %s gives the one state that follows, or is a fault",
  (name, from) => {
    const outcome = expected[name]![from]!;
    const run = (): ConnectionState => transitions[name]!(all[from]!);
    if (typeof outcome === "string") expect(run).toThrow(new TypeError(outcome));
    else expect(run()).toEqual(outcome);
  },
);

test("a deadline counts from the next reading of the clock, and never expires early", () => {
  expect(states.isOver(open, NOW + 10 * IDLE)).toBe(false);
  expect(states.isOver(read, NOW + IDLE - 1)).toBe(false);
  expect(states.isOver(read, NOW + IDLE)).toBe(true);
  expect(states.isOver(closed, Infinity)).toBe(false);
});

test("a draining connection that has less time left than a closing server gives keeps it", () => {
  expect(states.hurry(draining, 31, NOW)).toBe(draining);
  const anchored = states.readClock(draining, NOW);
  expect(states.hurry(anchored, 30, NOW)).toBe(anchored);
  expect(states.hurry(anchored, 11, NOW)).toEqual({ kind: "draining", deadline: -11, dropped: 0 });
  expect(states.drop(anchored, 320)).toEqual({ kind: "draining", deadline: NOW + 50, dropped: 320 });
});

test("a request that ends soon after another one allocates no object", () => {
  expect(states.restIdle(open, IDLE)).toBe(open);
});

test("a connection whose peer closes its side while it is offered has a peer that ended when it is taken back", () => {
  expect(states.takeBack(states.endPeer(offered), IDLE)).toEqual({ kind: "peer ended", deadline: -IDLE });
});

test("a connection is idle since it had no request, if that is known", () => {
  expect(states.idleSince(open, IDLE)).toBe(Infinity);
  expect(states.idleSince(read, IDLE)).toBe(NOW);
  expect(states.idleSince(closing, IDLE)).toBeUndefined();
  expect(states.idleSince(states.open(Infinity), Infinity)).toBeUndefined();
});
