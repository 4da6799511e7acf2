// Every transition of a request's phase, and every one that does not exist.
import { expect, test } from "vitest";

import { AbortedError } from "../../../src/errors.js";
import * as phases from "../../../src/protocol/application-side/request-phase.js";
import type { RequestPhase } from "../../../src/protocol/application-side/request-phase.js";

const reason = new AbortedError("ERR_ABORTED_LIMIT", "Cannot complete request: too long");
const later = new AbortedError("ERR_ABORTED_SHUTDOWN", "Cannot complete request: closing");

const params = phases.awaitParams(10);
const dispatched = phases.dispatch(params, 20);
const answering = phases.startAnswer(dispatched);
const refusedParams = phases.refuse(params, undefined);
const refused = phases.refuse(dispatched, reason);
const refusedAnswer = phases.refuse(answering, reason);
const ended = phases.end(answering);

const all: Readonly<Record<string, RequestPhase>> = {
  params,
  dispatched,
  answering,
  refusedParams,
  refused,
  refusedAnswer,
  ended,
};

type Transition = (phase: RequestPhase) => RequestPhase;
const transitions: Readonly<Record<string, Transition>> = {
  dispatch: (phase) => phases.dispatch(phase, 30),
  awaitAnswer: (phase) => phases.awaitAnswer(phase, 30),
  startAnswer: phases.startAnswer,
  refuse: (phase) => phases.refuse(phase, later),
  awaitRefused: (phase) => phases.awaitRefused(phase, 30),
  end: phases.end,
};

/** The result of each transition in each phase; a text is the fault. */
const expected: Readonly<Record<string, Readonly<Record<string, RequestPhase | string>>>> = {
  dispatch: {
    params: { kind: "dispatched", deadline: 30 },
    dispatched: "Cannot dispatch request: its phase is dispatched",
    answering: "Cannot dispatch request: its phase is answering",
    refusedParams: "Cannot dispatch request: its phase is refused",
    refused: "Cannot dispatch request: its phase is refused",
    refusedAnswer: "Cannot dispatch request: its phase is refused",
    ended: "Cannot dispatch request: its phase is ended",
  },
  awaitAnswer: {
    params,
    dispatched: { kind: "dispatched", deadline: 30 },
    answering,
    refusedParams,
    refused,
    refusedAnswer,
    ended,
  },
  startAnswer: {
    params: "Cannot answer request: its phase is params",
    dispatched: { kind: "answering" },
    answering: { kind: "answering" },
    refusedParams: { kind: "refused", during: "answering", reason: undefined, deadline: 10 },
    refused: { kind: "refused", during: "answering", reason, deadline: 20 },
    refusedAnswer,
    ended: "Cannot answer request: its phase is ended",
  },
  refuse: {
    params: { kind: "refused", during: "params", reason: later, deadline: 10 },
    dispatched: { kind: "refused", during: "dispatched", reason: later, deadline: 20 },
    answering: { kind: "refused", during: "answering", reason: later, deadline: Infinity },
    // The first reason counts.
    refusedParams: { kind: "refused", during: "params", reason: later, deadline: 10 },
    refused,
    refusedAnswer,
    ended: "Cannot refuse request: its phase is ended",
  },
  awaitRefused: {
    params: "Cannot await the end of request: its phase is params",
    dispatched: "Cannot await the end of request: its phase is dispatched",
    answering: "Cannot await the end of request: its phase is answering",
    refusedParams: { kind: "refused", during: "params", reason: undefined, deadline: 30 },
    refused: { kind: "refused", during: "dispatched", reason, deadline: 30 },
    refusedAnswer: { kind: "refused", during: "answering", reason, deadline: 30 },
    ended: "Cannot await the end of request: its phase is ended",
  },
  end: {
    params: { kind: "ended", during: "params", reason: undefined },
    dispatched: { kind: "ended", during: "dispatched", reason: undefined },
    answering: { kind: "ended", during: "answering", reason: undefined },
    refusedParams: { kind: "ended", during: "params", reason: undefined },
    refused: { kind: "ended", during: "dispatched", reason },
    refusedAnswer: { kind: "ended", during: "answering", reason },
    ended: "Cannot end request: its phase is ended",
  },
};

const cases = Object.keys(transitions).flatMap((transition) =>
  Object.keys(all).map((phase) => [transition, phase] as const),
);

test.each(cases)(
  "%s of a request in phase %s gives the one phase that follows, or is a fault",
  (name, from) => {
    const outcome = expected[name]![from]!;
    const run = (): RequestPhase => transitions[name]!(all[from]!);
    if (typeof outcome === "string") expect(run).toThrow(new TypeError(outcome));
    else expect(run()).toEqual(outcome);
  },
);

test.each([
  ["params", "params", undefined, 10],
  ["dispatched", "dispatched", undefined, 20],
  ["answering", "answering", undefined, Infinity],
  ["refusedParams", "params", undefined, 10],
  ["refused", "dispatched", reason, 20],
  ["refusedAnswer", "answering", reason, Infinity],
  ["ended", "answering", undefined, Infinity],
] as const)(
  "a request in phase %s says how far it has come, why it ends and until when",
  (name, progress, why, until) => {
    const phase = all[name]!;

    expect([phases.progressOf(phase), phases.reasonOf(phase), phases.deadlineOf(phase)]).toEqual([
      progress,
      why,
      until,
    ]);
  },
);

test("PARAMS are collected in phase params, dropped for a request refused in it, and a protocol error in all others", () => {
  expect(phases.collectorOf(params, 7)).toBe(params.collected);
  expect(phases.collectorOf(refusedParams, 7)).toBeUndefined();
  for (const phase of [dispatched, answering, refused, refusedAnswer, ended]) {
    expect(() => phases.collectorOf(phase, 7)).toThrow(
      expect.objectContaining({
        code: "ERR_FCGI_STREAM_CLOSED",
        message: "Cannot read PARAMS: they have ended for id 7",
      }),
    );
  }
});

test("transitions do not change the previous phase, and a whole answer allocates no object", () => {
  expect(dispatched).toEqual({ kind: "dispatched", deadline: 20 });
  expect(phases.startAnswer(phases.dispatch(phases.awaitParams(1), 2))).toBe(answering);
  expect(phases.end(answering)).toBe(ended);
  expect(phases.awaitAnswer(dispatched, 20)).toBe(dispatched);
});
